import { compareFiles, LimitError } from "../../apparmor/policy/index.js";
import type { LintOptions } from "../../apparmor/lint/index.js";
import { readText } from "../files.js";
import { replace } from "../replace.js";
import type { Edit, Problem } from "../report/problem.js";
import { examine } from "./examine.js";
import type { Reading } from "./reading.js";
import { validOf } from "./valid.js";

/** A fix that was applied, with the place that it had in the text before. */
export type Fixed = Pick<Problem, "code" | "line"> & { title: string };

/** Fixes can make room for others; a text has no more of them than rules. */
const rounds = 20;

/** The fixes that may be applied unseen and change this file alone. */
const safeFixes = (findings: readonly Problem[], file: string): Problem[] =>
  findings.filter(({ fix }) => fix?.safe === true && fix.edits.length > 0 && fix.edits.every((edit) => edit.file === file));

/** The text with edits made; undefined where two of them meet. */
function edited(text: string, edits: readonly Edit[]): string | undefined {
  let result = "";
  let at = 0;
  for (const { start, end, text: instead } of [...edits].sort((a, b) => a.start - b.start)) {
    if (start < at) return undefined;
    result += text.slice(at, start) + instead;
    at = end;
  }
  return result + text.slice(at);
}

/** Whether both are valid and mean the same: what a fix calls safe is proved before it is written. */
function sameMeaning(before: string, after: string, file: string, reading: Reading): boolean {
  const [a, b] = [validOf(before, file, reading), validOf(after, file, reading)];
  if (!a.resolved || !b.resolved) return false;
  try {
    return compareFiles(a.resolved, b.resolved).relation === "equal";
  } catch (error) {
    if (error instanceof LimitError) return false;
    throw error;
  }
}

/** Applies all of these fixes; where they don't go together, as many as do, one by one. */
function applied(text: string, problems: readonly Problem[], file: string, reading: Reading): { text: string; problems: Problem[] } {
  for (const some of [problems, ...problems.map((one) => [one])]) {
    const after = edited(
      text,
      some.flatMap(({ fix }) => fix!.edits),
    );
    if (after !== undefined && after !== text && sameMeaning(text, after, file, reading)) return { text: after, problems: [...some] };
  }
  return { text, problems: [] };
}

/**
 * Applies the fixes of a file's findings that are marked safe, again until there is none left.
 *
 * @param ignored codes whose findings are left alone
 * @returns what was fixed; empty where nothing was written
 * @throws PostureError for a file that can't be read or written
 */
export function fixFile(file: string, reading: Reading, linting: LintOptions, ignored: ReadonlySet<string>): Fixed[] {
  const original = readText(file);
  let text = original;
  const fixed: Fixed[] = [];
  for (let round = 0; round < rounds; round++) {
    const { valid, findings } = examine(text, file, reading, linting);
    if (!valid) break;
    const step = applied(
      text,
      safeFixes(
        findings.filter(({ code }) => !ignored.has(code)),
        file,
      ),
      file,
      reading,
    );
    if (step.problems.length === 0) break;
    text = step.text;
    fixed.push(...step.problems.map(({ code, line, fix }) => ({ code, ...(line !== undefined && { line }), title: fix!.title })));
  }
  if (text !== original) replace(file, text);
  return fixed;
}
