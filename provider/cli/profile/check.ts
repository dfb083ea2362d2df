import { InvalidArgumentError, Option, type Command } from "commander";
import { findings as codes, type LintOptions, type Severity } from "../../apparmor/lint/index.js";
import { PostureError } from "../../errors.js";
import { answerLines } from "../answer.js";
import { exiting, exits, worst, type Exit } from "../exits.js";
import { named, readText, standardInput } from "../files.js";
import { unknownName } from "../nearest.js";
import { print, printJson } from "../output.js";
import { unreadable } from "../report/place.js";
import type { Report } from "../report/problem.js";
import { sarif } from "../report/sarif.js";
import { fixedText, pagesText, reportText, summaryText } from "../report/text.js";
import { examine } from "./examine.js";
import { fixFile, type Fixed } from "./fix.js";
import { forPeople, readingOf, readingOptions, type Reading, type ReadingOptions } from "./reading.js";

interface Options extends ReadingOptions {
  format: "text" | "json" | "sarif";
  findings: boolean;
  failOn: Severity;
  container?: boolean;
  share?: string[];
  ignore?: string[];
  fix?: true;
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

/** A report without what nobody wants to know. */
const without = (report: Report, ignored: ReadonlySet<string>): Report =>
  ignored.size === 0 ? report : { ...report, findings: report.findings.filter(({ code }) => !ignored.has(code)) };

/** What is to be said of a file, and what was fixed in it before. */
interface Examined {
  report: Report;
  fixed: Fixed[];
}

function examineFile(
  file: string,
  reading: Reading,
  linting: LintOptions | undefined,
  ignored: ReadonlySet<string>,
  fix: boolean,
): Examined {
  try {
    const fixed = fix && linting ? fixFile(file, reading, linting, ignored) : [];
    return { report: without(examine(readText(file), file, reading, linting), ignored), fixed };
  } catch (error) {
    if (error instanceof PostureError) return { report: unreadable(file, error), fixed: [] };
    throw error;
  }
}

/** The path and the text of a line. */
function textOf(value: unknown): { path: string; text: string } {
  const { path, text } = (value ?? {}) as { path?: unknown; text?: unknown };
  for (const [key, given] of Object.entries({ path, text })) {
    if (given === undefined) throw new PostureError("invalid-input", `"${key}" is missing: expected {"path": "…", "text": "…"}`);
    if (typeof given !== "string") throw new PostureError("invalid-input", `"${key}" must be a text`);
  }
  return { path: path as string, text: text as string };
}

async function checkFiles(files: string[], options: Options, command: Command): Promise<Exit> {
  const reading = readingOf(options);
  const linting = lintingOf(options);
  const { format, failOn, jsonl } = options;
  const ignored = new Set(options.ignore);
  const fix = options.fix === true;
  if (fix && jsonl) command.error("error: --fix changes files, and --jsonl has none");
  if (fix && files.includes(standardInput)) command.error("error: --fix can't write to standard input (-)");
  if (fix && !linting) command.error("error: --fix fixes findings, and --no-findings looks for none");
  if (jsonl) {
    if (files.length > 0) command.error("error: --jsonl reads standard input, so it takes no files");
    if (format === "sarif") command.error("error: --jsonl answers in JSON, so it takes no --format sarif");
    return answerLines(process.stdin, (value) => {
      const { path, text } = textOf(value);
      const said = without(examine(text, path, reading, linting), ignored);
      return { said, exit: exitOf(said, failOn) };
    });
  }
  if (files.length === 0) command.error("error: missing argument 'file' (or --jsonl for many texts on standard input)");
  let exit: Exit = exits.fine;
  const reports: Report[] = [];
  for (const file of named(files)) {
    const { report, fixed } = examineFile(file, reading, linting, ignored, fix);
    exit = worst(exit, exitOf(report, failOn));
    if (format === "json") await printJson(fix ? { ...report, fixed } : report);
    else if (format === "text") await print(fixedText(file, fixed) + reportText(forPeople(report, reading)));
    reports.push(report);
  }
  if (format === "text") await print(pagesText(reports) + summaryText(reports));
  if (format === "sarif") await print(`${JSON.stringify(sarif(reports), undefined, 2)}\n`);
  return exit;
}

/** For an option that may be repeated. */
const collected =
  (check: (value: string) => string | undefined) =>
  (value: string, before: string[] = []): string[] => {
    const wrong = check(value);
    if (wrong !== undefined) throw new InvalidArgumentError(wrong);
    return [...before, value];
  };

/** The linter's, and the one warning of the compiler. */
const allCodes = [...Object.keys(codes), "dropped-rule"].sort();
const wrongCode = (code: string): string | undefined =>
  allCodes.includes(code) ? undefined : `${unknownName("finding", code, allCodes)}\nThere are: ${allCodes.join(", ")}`;
const wrongShare = (directory: string): string | undefined =>
  directory.startsWith("/") ? undefined : "It has to be a path as the container sees it, which begins with /.";

const examples = `
Examples:
  pve-posture profile check /etc/apparmor.d/lxc/lxc-web
  pve-posture profile check --language 3.0 --include-dir apparmor.d profiles/*
  pve-posture profile check --format sarif /etc/apparmor.d > apparmor.sarif
  pve-posture profile check --fix --ignore no-audit profiles/*
  pve-posture profile check --jsonl --includes includes.json < texts.jsonl

Includes are searched in /etc/apparmor.d. Where there is none, as on most machines that are no node, copy that of the
node and name it: scp -r root@pve1:/etc/apparmor.d . && pve-posture profile check -I apparmor.d lxc-web
--fix applies the fixes that are marked safe, which leave the policy as it is, and says what is left. With --format json
an object has "fixed", too.
\`pve-posture profile explain CODE\` prints the page about a finding.

--format json prints one object a line and file: {"file", "valid", "errors": […], "findings": […]}.
--jsonl reads {"path", "text"} a line, both needed, and answers such an object a line, in order; "file" is the path given.
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
    .addOption(new Option("--ignore <code>", "leave a finding out, such as no-audit; may be repeated").argParser(collected(wrongCode)))
    .option("--fix", "apply the fixes that are marked safe to the files")
    .option("--container", "take all profiles as those of containers (default: as their names and includes say)")
    .option("--no-container", "take none of them as a container's")
    .addOption(
      new Option(
        "--share <dir>",
        "a directory shared with others, besides those in /mnt, /media, /srv and /zfs; may be repeated",
      ).argParser(collected(wrongShare)),
    )
    .option("--jsonl", "read many texts from standard input, one JSON object a line")
    .addHelpText("after", examples)
    .action(exiting(checkFiles));
}
