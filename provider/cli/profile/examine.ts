import { check } from "../../apparmor/check/index.js";
import { lint, type LintOptions } from "../../apparmor/lint/index.js";
import { PostureError } from "../../errors.js";
import { problemOf, unreadable } from "../report/place.js";
import type { Report } from "../report/problem.js";
import type { Reading } from "./reading.js";

/**
 * All that is to be said of one text: its errors, and beside them what the compiler only warns of and what the linter finds.
 *
 * @param linting undefined: only errors are looked for
 */
export function examine(text: string, file: string, { include, language }: Reading, linting: LintOptions | undefined): Report {
  try {
    const { resolved, diagnostics } = check(text, { file, include, language });
    const said = diagnostics.map((diagnostic) => problemOf(diagnostic, file, resolved.documents));
    const errors = said.filter(({ severity }) => severity === "error");
    const warnings = said.filter(({ severity }) => severity !== "error");
    const found = linting ? lint(resolved, linting).map((finding) => problemOf(finding, file, resolved.documents)) : [];
    return { file, valid: errors.length === 0, errors, findings: linting ? [...warnings, ...found] : [] };
  } catch (error) {
    // An include that is no text.
    if (error instanceof PostureError) return unreadable(file, error);
    throw error;
  }
}
