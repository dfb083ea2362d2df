import type { Word } from "../../ast.js";
import { GlobError, parseGlob } from "../../glob/index.js";
import type { Report } from "./report.js";

/** Why a glob, whose variables are replaced, does not compile; undefined when it does. */
export function globProblem(value: string, nulls = false): string | undefined {
  if (!/[[\]{}\\]/.test(value)) return undefined;
  try {
    parseGlob(value, { nulls });
    return undefined;
  } catch (error) {
    if (!(error instanceof GlobError)) throw error;
    return error.message.slice(error.message.lastIndexOf(": ") + 2);
  }
}

/** What the compiler replaces before it reads a glob: its value may open what the glob around it closes. */
export const hasVariable = (value: string): boolean => /(?<!\\)(?:\\\\)*@\{[A-Za-z][A-Za-z0-9_]*\}/.test(value);

/** Report the globs among these words that do not compile; those with variables need a profile to be known. */
export function checkGlobs(report: Report, words: readonly (Word | undefined)[]): void {
  for (const word of words) if (word && !hasVariable(word.value)) checkPlainGlobs(report, [word]);
}

/** Likewise where the compiler replaces no variables: `@{X}` is a group of one alternative there. */
export function checkPlainGlobs(report: Report, words: readonly (Word | undefined)[]): void {
  for (const word of words) {
    const problem = word && globProblem(word.value);
    if (word && problem) {
      report(word.span, { code: "bad-glob", message: problem, hint: "a backslash before one of `[ ] { } * ? \\` makes it an ordinary character" });
    }
  }
}
