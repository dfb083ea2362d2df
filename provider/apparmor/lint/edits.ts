import type { Span } from "../ast.js";
import type { Document } from "../syntax/document.js";
import type { Edit } from "./types.js";

/** Takes a statement away: with its lines and the comment behind it, where nothing else stands on them. */
export function deletion(document: Document, { start, end }: Span): Edit {
  const { text } = document;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const newline = text.indexOf("\n", end);
  const lineEnd = newline < 0 ? text.length : newline;
  const alone = text.slice(lineStart, start).trim() === "" && /^[ \t\r]*(#(?!include\b).*)?$/s.test(text.slice(end, lineEnd));
  return replacement(document, alone ? { start: lineStart, end: Math.min(lineEnd + 1, text.length) } : { start, end }, "");
}

export function replacement({ file }: Document, { start, end }: Span, text: string): Edit {
  return { ...(file !== undefined && { file }), start, end, text };
}

/**
 * A text with edits made; of edits that overlap the first counts.
 *
 * @param file those of other files are left out
 */
export function applyEdits(text: string, edits: readonly Edit[], file?: string): string {
  let result = "";
  let at = 0;
  for (const edit of [...edits].filter((each) => each.file === file).sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at) continue;
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
