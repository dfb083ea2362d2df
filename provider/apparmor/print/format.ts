import type { Comment, Statement } from "../ast.js";
import type { Diagnostic } from "../diagnostics.js";
import { parse, type Document, type ParseOptions } from "../syntax/index.js";
import { changeAll } from "./bodies.js";
import { lay, type Gap } from "./layout.js";
import { sorted } from "./order.js";
import { spaced } from "./print.js";

export interface FormatOptions extends ParseOptions {
  /** default false: rules stay where they are; true: in canonical order below each comment that stands alone */
  sort?: boolean;
}

export interface Formatted {
  /** with errors the text as it was given */
  text: string;
  changed: boolean;
  errors: Diagnostic[];
}

/**
 * Lays a text out anew, as {@link print} does, and keeps its comments, its order and its empty lines (one at most
 * between two statements). A comment within a statement moves above it. A text that does not parse stays as it is.
 */
export function format(text: string, { sort = false, ...options }: FormatOptions = {}): Formatted {
  const document = parsed(text, options);
  if (document.errors.length > 0) return { text, changed: false, errors: document.errors };
  const statements = outside(document.statements);
  const gap: Gap = (before, after) => emptyLine.test(text.slice(before.span!.end, after.span!.start));
  const alone = (comment: Comment) => emptyLineNext(text, comment.span!.end);
  const lines = sort
    ? lay(sorted(statements, alone), (before, after) => (before.kind === "comment" ? alone(before) : spaced(before, after)))
    : lay(statements, gap);
  const formatted = lines.map((line) => `${line}\n`).join("");
  return { text: formatted, changed: formatted !== text, errors: [] };
}

/** Without a context a whole file, or else one for including. */
function parsed(text: string, options: ParseOptions): Document {
  const document = parse(text, options);
  if (document.errors.length === 0 || options.context) return document;
  const fragment = parse(text, { ...options, context: "fragment" });
  return fragment.errors.length === 0 ? fragment : document;
}

const emptyLine = /\n[ \t\r]*\n/;

function emptyLineNext(text: string, at: number): boolean {
  const next = /[ \t\r]*\n[ \t\r]*\n/y;
  next.lastIndex = at;
  return next.test(text);
}

/** The parser puts comments that it meets within a statement before it; there, they trail nothing. */
function outside(statements: readonly Statement[]): Statement[] {
  return changeAll(statements, (body) => {
    const result: Statement[] = [];
    let comments: Comment[] = [];
    for (const statement of body) {
      if (statement.kind === "comment") {
        comments.push(statement);
        continue;
      }
      const { start } = statement.span!;
      for (const comment of comments) result.push(comment.trailing && comment.span!.start > start ? { ...comment, trailing: false } : comment);
      result.push(statement);
      comments = [];
    }
    for (const comment of comments) result.push(comment);
    return result;
  });
}
