import { Option, type Command } from "commander";
import { existsSync, statSync } from "node:fs";
import { defaultLanguage, languages, type Language } from "../../apparmor/language.js";
import type { Includes } from "../../apparmor/resolve/index.js";
import { PostureError } from "../../errors.js";
import { readText } from "../files.js";
import { includesFrom, includesIn } from "../includes.js";
import type { Report } from "../report/problem.js";

const usual = "/etc/apparmor.d";

/** How profiles are read: what their includes are, and which compiler's language they are in. */
export interface Reading {
  include: Includes;
  language: Language;
  /** there is no place where includes are searched */
  nowhere: boolean;
}

/** What the options of {@link readingOptions} come to. */
export interface ReadingOptions {
  includeDir?: string[];
  includes?: string;
  language: Language;
}

/** Adds the options that every command about profiles has. */
export const readingOptions = (command: Command): Command =>
  command
    .addOption(
      new Option("-I, --include-dir <dir>", `where includes are searched; may be repeated (default: ${usual} if there is one)`).argParser(
        (dir: string, before: string[] = []) => [...before, dir],
      ),
    )
    .addOption(
      new Option("--includes <file.json>", "includes as one JSON object, from paths below the include directory to texts").conflicts(
        "includeDir",
      ),
    )
    .addOption(new Option("--language <version>", "the compiler that has to take the text").choices(languages).default(defaultLanguage));

function mapOf(path: string): Includes {
  const invalid = (why: string) => new PostureError("invalid-input", `${path}: ${why}`, 'It has to be like { "abstractions/base": "…" }.');
  let value: unknown;
  try {
    value = JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(`not JSON: ${error.message}`);
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("not an object");
  const wrong = Object.entries(value).find(([, text]) => typeof text !== "string");
  if (wrong) throw invalid(`the value of ${JSON.stringify(wrong[0])} is no text`);
  return includesIn(value as Record<string, string>);
}

/** @throws PostureError for an include directory that is none, or a file of includes that can't be used */
export function readingOf({ includeDir, includes, language }: ReadingOptions): Reading {
  if (includes !== undefined) return { include: mapOf(includes), language, nowhere: false };
  for (const directory of includeDir ?? []) {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
      throw new PostureError("invalid-input", `--include-dir ${directory}: no such directory`);
    }
  }
  const directories = includeDir ?? (existsSync(usual) ? [usual] : []);
  return { include: includesFrom(directories), language, nowhere: directories.length === 0 };
}

const nowhereHint = `includes are searched nowhere: there is no ${usual} here; copy that of the node and name it with --include-dir`;

/** The report as people read it: whoever has no include directory at all is told so where an include is not found. */
export const forPeople = (report: Report, { nowhere }: Pick<Reading, "nowhere">): Report =>
  nowhere
    ? { ...report, errors: report.errors.map((error) => (error.code === "include-not-found" ? { ...error, hint: nowhereHint } : error)) }
    : report;
