import { Option, type Command } from "commander";
import { compareFiles, type FileComparison } from "../../apparmor/policy/index.js";
import type { Resolved } from "../../apparmor/resolve/index.js";
import { PostureError } from "../../errors.js";
import { answerLines, type Answer } from "../answer.js";
import { exiting, exits, type Exit } from "../exits.js";
import { readText } from "../files.js";
import { print, printJson } from "../output.js";
import { comparisonJson, comparisonText } from "../report/comparison.js";
import type { Problem } from "../report/problem.js";
import { problemText } from "../report/text.js";
import { readingOf, readingOptions, type Reading, type ReadingOptions } from "./reading.js";
import { limited, validOf } from "./valid.js";

interface Options extends ReadingOptions {
  format: "text" | "json";
  jsonl?: true;
}

const compared = (a: Resolved, b: Resolved): FileComparison => limited(() => compareFiles(a, b));

const exitOf = ({ relation }: FileComparison): Exit => (relation === "equal" ? exits.fine : exits.found);

const brief = ({ file, line, column, message }: Problem): string =>
  `${[file, line, column].filter((part) => part !== undefined).join(":")}: ${message}`;

function answer(value: unknown, reading: Reading): Answer {
  const { a, b } = (value ?? {}) as { a?: unknown; b?: unknown };
  if (typeof a !== "string" || typeof b !== "string") throw new PostureError("invalid-input", 'there are no texts "a" and "b"');
  const [left, right] = [validOf(a, "a", reading), validOf(b, "b", reading)];
  const errors = [...(left.errors ?? []), ...(right.errors ?? [])];
  if (!left.resolved || !right.resolved) return { said: { error: errors.map(brief)[0], errors }, exit: exits.invalid };
  const comparison = compared(left.resolved, right.resolved);
  return { said: comparisonJson(comparison), exit: exitOf(comparison) };
}

async function comparePair(a: string, b: string, options: Options): Promise<Exit> {
  const reading = readingOf(options);
  const [left, right] = [validOf(readText(a), a, reading), validOf(readText(b), b, reading)];
  if (!left.resolved || !right.resolved) {
    process.stderr.write([...(left.errors ?? []), ...(right.errors ?? [])].map(problemText).join("\n"));
    return exits.invalid;
  }
  const comparison = compared(left.resolved, right.resolved);
  if (options.format === "json") await printJson(comparisonJson(comparison));
  else await print(comparisonText(comparison));
  return exitOf(comparison);
}

async function compareAny(a: string | undefined, b: string | undefined, options: Options, command: Command): Promise<Exit> {
  if (!options.jsonl) {
    if (a === undefined || b === undefined) command.error("error: it takes two files (or --jsonl for many pairs on standard input)");
    if (a === "-" && b === "-") command.error("error: only one of the two can be standard input (-)");
    return comparePair(a, b, options);
  }
  if (a !== undefined) command.error("error: --jsonl reads standard input, so it takes no files");
  const reading = readingOf(options);
  return answerLines(process.stdin, (value) => answer(value, reading));
}

const help = `
Examples:
  pve-posture profile compare lxc-web.old lxc-web
  git show HEAD:lxc-web | pve-posture profile compare - lxc-web
  pve-posture profile compare --format json lxc-web.old lxc-web | jq .relation
  pve-posture profile compare --jsonl < pairs.jsonl

Layout, comments and the order of rules are no difference. Profiles are matched by their names.
The relation is what the second is, seen from the first: equal, tighter, wider or both. Each class of accesses that
differs has examples ("witnesses"), and the rules behind them.
--jsonl reads {"a", "b"}, two texts, a line and answers {"relation", "classes", "witnesses", "profiles"}, in order, or
{"error"} where one of them is invalid.
Exit codes: 0 equal, 1 a difference, 2 a file that is invalid or can't be read.`;

/** `pve-posture profile compare` */
export function addCompare(profile: Command): void {
  readingOptions(
    profile
      .command("compare")
      .description("say how two versions of a profile differ in what they allow")
      .argument("[a]", "the first, or - for standard input")
      .argument("[b]", "the second, or - for standard input"),
  )
    .addOption(new Option("--format <format>", "how to say it").choices(["text", "json"]).default("text"))
    .option("--jsonl", "read many pairs from standard input, one JSON object a line")
    .addHelpText("after", help)
    .action(exiting(compareAny));
}
