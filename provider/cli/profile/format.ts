import { Option, type Command } from "commander";
import { defaultLanguage, languages, type Language } from "../../apparmor/language.js";
import { format } from "../../apparmor/print/index.js";
import { PostureError } from "../../errors.js";
import { exiting, exits, worst, type Exit } from "../exits.js";
import { named, readText, standardInput } from "../files.js";
import { complain, print } from "../output.js";
import { replace } from "../replace.js";
import { problemOf } from "../report/place.js";
import { problemText } from "../report/text.js";
import { visible } from "../style.js";

interface Options {
  write?: true;
  check?: true;
  sort?: true;
  language: Language;
}

async function formatOne(file: string, { write, check, sort, language }: Options): Promise<Exit> {
  const text = readText(file);
  const { text: formatted, changed, errors } = format(text, { file, language, sort: sort === true });
  if (errors.length > 0) {
    for (const error of errors) process.stderr.write(problemText(problemOf(error, file, [])));
    return exits.invalid;
  }
  if (check) {
    if (changed) await print(`${visible(file)}\n`);
    return changed ? exits.found : exits.fine;
  }
  if (!write) await print(formatted);
  else if (changed) {
    replace(file, formatted);
    await print(`${visible(file)}\n`);
  }
  return exits.fine;
}

async function formatAll(files: string[], options: Options, command: Command): Promise<Exit> {
  if (options.write && files.includes(standardInput)) command.error("error: --write can't write to standard input (-)");
  let exit: Exit = exits.fine;
  for (const file of named(files)) {
    try {
      exit = worst(exit, await formatOne(file, options));
    } catch (error) {
      if (!(error instanceof PostureError)) throw error;
      complain(error.message);
      exit = exits.invalid;
    }
  }
  return exit;
}

const examples = `
Examples:
  pve-posture profile format lxc-web
  pve-posture profile format --check /etc/apparmor.d
  pve-posture profile format --write profiles/*
  pve-posture profile format - < lxc-web

Comments stay, and so does the order of the rules unless --sort is given. A file that does not parse stays as it is.
Exit codes: 0 fine, 1 with --check when a file would change, 2 when one is invalid or can't be read or written.`;

/** `pve-posture profile format` */
export function addFormat(profile: Command): void {
  profile
    .command("format")
    .description("print profiles in the canonical layout")
    .argument("<file...>", "profiles, directories of them, or - for standard input")
    .option("--check", "only name the files that would change")
    .addOption(new Option("--write", "change the files, and name those that changed").conflicts("check"))
    .option("--sort", "put rules in canonical order, too")
    .addOption(new Option("--language <version>", "the compiler that has to take the text").choices(languages).default(defaultLanguage))
    .addHelpText("after", examples)
    .action(exiting(formatAll));
}
