import { Option, type Command } from "commander";
import type { LintOptions, Severity } from "../../apparmor/lint/index.js";
import { PostureError } from "../../errors.js";
import { answerLines } from "../answer.js";
import { exiting, exits, worst, type Exit } from "../exits.js";
import { named, readText, standardInput } from "../files.js";
import { print, printJson } from "../output.js";
import { unreadable } from "../report/place.js";
import type { Report } from "../report/problem.js";
import { sarif } from "../report/sarif.js";
import { reportText, summaryText } from "../report/text.js";
import { examine } from "./examine.js";
import { readingOf, readingOptions, type Reading, type ReadingOptions } from "./reading.js";

interface Options extends ReadingOptions {
  format: "text" | "json" | "sarif";
  findings: boolean;
  failOn: Severity;
  container?: boolean;
  share?: string[];
  jsonl?: true;
}

const severities: readonly Severity[] = ["info", "warning", "error"];

/** What a report means for the exit code. */
const exitOf = ({ valid, findings }: Report, failOn: Severity): Exit => {
  if (!valid) return exits.invalid;
  return findings.some(({ severity }) => severities.indexOf(severity) >= severities.indexOf(failOn)) ? exits.found : exits.fine;
};

function lintingOf({ findings, container, share }: Options): LintOptions | undefined {
  if (!findings) return undefined;
  return { ...(container !== undefined && { container }), ...(share !== undefined && { shares: share }) };
}

function examineFile(file: string, reading: Reading, linting: LintOptions | undefined): Report {
  try {
    return examine(readText(file), file, reading, linting);
  } catch (error) {
    if (error instanceof PostureError) return unreadable(file, error);
    throw error;
  }
}

/** The path and the text of a line. */
function textOf(value: unknown): { path: string; text: string } {
  const { path, text } = (value ?? {}) as { path?: unknown; text?: unknown };
  if (typeof text !== "string") throw new PostureError("invalid-input", 'there is no "text"');
  if (path !== undefined && typeof path !== "string") throw new PostureError("invalid-input", '"path" is no text');
  return { path: path ?? standardInput, text };
}

async function checkFiles(files: string[], options: Options, command: Command): Promise<Exit> {
  const reading = readingOf(options);
  const linting = lintingOf(options);
  const { format, failOn, jsonl } = options;
  if (jsonl) {
    if (files.length > 0) command.error("error: --jsonl reads standard input, so it takes no files");
    if (format === "sarif") command.error("error: --jsonl answers in JSON, so it takes no --format sarif");
    return answerLines(process.stdin, (value) => {
      const { path, text } = textOf(value);
      const said = examine(text, path, reading, linting);
      return { said, exit: exitOf(said, failOn) };
    });
  }
  if (files.length === 0) command.error("error: missing argument 'file' (or --jsonl for many texts on standard input)");
  let exit: Exit = exits.fine;
  const reports: Report[] = [];
  for (const file of named(files)) {
    const report = examineFile(file, reading, linting);
    exit = worst(exit, exitOf(report, failOn));
    if (format === "json") await printJson(report);
    else if (format === "text") await print(reportText(report));
    reports.push(report);
  }
  if (format === "text") await print(summaryText(reports));
  if (format === "sarif") await print(`${JSON.stringify(sarif(reports), undefined, 2)}\n`);
  return exit;
}

const examples = `
Examples:
  pve-posture profile check /etc/apparmor.d/lxc/lxc-web
  pve-posture profile check --language 3.0 --include-dir apparmor.d profiles/*
  pve-posture profile check --format sarif /etc/apparmor.d > apparmor.sarif
  pve-posture profile check --jsonl --includes includes.json < texts.jsonl

--format json prints one object a line and file: {"file", "valid", "errors": […], "findings": […]}.
--jsonl reads {"path", "text"} a line and answers such an object a line, in order; "file" is the path given.
A line that is no such object is answered with {"error", "line"}.
Exit codes: 0 fine, 1 findings (of the severity of --fail-on or above), 2 a file that is invalid or can't be read.`;

/** `pve-posture profile check` */
export function addCheck(profile: Command): void {
  readingOptions(
    profile
      .command("check")
      .description("say what is wrong with profiles, as the compiler sees it, and what is dangerous in them")
      .argument("[file...]", "profiles, directories of them, or - for standard input"),
  )
    .addOption(new Option("--format <format>", "how to say it").choices(["text", "json", "sarif"]).default("text"))
    .option("--no-findings", "only what makes a profile invalid")
    .addOption(new Option("--fail-on <severity>", "the least severity of findings that exits with 1").choices(severities).default("info"))
    .option("--container", "take all profiles as those of containers (default: as their names and includes say)")
    .addOption(
      new Option("--share <dir>", "a directory shared with others, besides /mnt, /media and /srv; may be repeated").argParser(
        (directory: string, before: string[] = []) => [...before, directory],
      ),
    )
    .option("--jsonl", "read many texts from standard input, one JSON object a line")
    .addHelpText("after", examples)
    .action(exiting(checkFiles));
}
