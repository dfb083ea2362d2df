import type { Span } from "../ast.js";
import type { Diagnostic } from "../diagnostics.js";

/** A text and what errors call it; a Document is one. */
export interface Source {
  text: string;
  file?: string;
}

/** Where an offset is: line and column are 1-based, the column in UTF-16 units. */
export interface Position {
  line: number;
  column: number;
}

const starts = new WeakMap<Source, number[]>();

function lineStarts(source: Source): number[] {
  let found = starts.get(source);
  if (!found) {
    found = [0];
    for (let at = source.text.indexOf("\n"); at !== -1; at = source.text.indexOf("\n", at + 1)) found.push(at + 1);
    starts.set(source, found);
  }
  return found;
}

/** Line and column of an offset. */
export function positionAt(source: Source, offset: number): Position {
  const lines = lineStarts(source);
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
}

/** Snippets show this many characters of a line before the caret, and as many from it on. */
const around = 100;

/** The line of a span with carets below; a long line is cut, with `…` where something is missing. */
export function snippetOf(source: Source, span: Span): string {
  const { line, column } = positionAt(source, span.start);
  const start = lineStarts(source)[line - 1] ?? 0;
  const next = lineStarts(source)[line];
  let end = next === undefined ? source.text.length : next - 1;
  if (source.text[end - 1] === "\r") end = Math.max(start, end - 1);
  const from = Math.max(start, start + column - 1 - around);
  const to = Math.min(end, start + column - 1 + around);
  // a tab stays a tab in the line below, so that the caret stands right whatever the width of tabs
  const lead = (from > start ? "…" : "") + source.text.slice(from, Math.min(span.start, to));
  const carets = "^".repeat(Math.max(1, Math.min(span.end, to) - span.start));
  return `${from > start ? "…" : ""}${source.text.slice(from, to)}${to < end ? "…" : ""}\n${lead.replace(/[^\t]/g, " ")}${carets}`;
}

/** What a Diagnostic needs besides its place. */
export interface Finding {
  code: string;
  message: string;
  hint?: string;
  /** default: error */
  severity?: "error" | "warning";
}

/** A Diagnostic at a place of a source. A place outside the text is taken as its end. */
export function diagnosticAt(source: Source, span: Span, finding: Finding): Diagnostic {
  const start = Math.max(0, Math.min(span.start, source.text.length));
  const inside = { start, end: Math.max(start, Math.min(span.end, source.text.length)) };
  return {
    code: finding.code,
    severity: finding.severity ?? "error",
    message: finding.message,
    ...(finding.hint !== undefined && { hint: finding.hint }),
    ...(source.file !== undefined && { file: source.file }),
    span: inside,
    ...positionAt(source, start),
    snippet: snippetOf(source, inside),
  };
}
