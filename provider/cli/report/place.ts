import type { Diagnostic } from "../../apparmor/diagnostics.js";
import type { Finding } from "../../apparmor/lint/types.js";
import { positionAt, type Source } from "../../apparmor/syntax/index.js";
import type { PostureError } from "../../errors.js";
import type { Problem, Report } from "./problem.js";

/**
 * A diagnostic as a problem, with where it ends.
 *
 * @param asked the file that was asked about, for what names none
 * @param sources the texts of the files, as far as they are known
 */
export function problemOf(said: Diagnostic | Finding, asked: string, sources: readonly Source[]): Problem {
  const { code, severity, message, hint, file = asked, line, column, span, snippet } = said;
  const source = sources.find((one) => (one.file ?? asked) === file);
  const end = source && positionAt(source, span.end);
  const place = { file, line, column, ...(end && { endLine: end.line, endColumn: end.column }), snippet };
  const problem = { code, severity, message, ...(hint !== undefined && { hint }), ...place };
  if (!("docs" in said)) return problem;
  const { profile, fix, docs } = said;
  const edits = fix?.edits.map(({ file = asked, start, end, text }) => ({ file, start, end, text }));
  return {
    ...problem,
    profile,
    ...(fix && edits && { fix: { title: fix.title, safe: fix.safe, edits } }),
    docs,
  };
}

/** A file of which nothing can be said but why. */
export function unreadable(file: string, { what, hint }: PostureError): Report {
  const message = what.startsWith(`${file}: `) ? what.slice(file.length + 2) : what;
  return {
    file,
    valid: false,
    errors: [{ code: "unreadable", severity: "error", message, ...(hint !== undefined && { hint }), file }],
    findings: [],
  };
}
