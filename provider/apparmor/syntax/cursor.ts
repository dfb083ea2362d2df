import type { Comment, Span, Statement, Word } from "../ast.js";
import type { Language } from "../language.js";
import { HASH, isBlank, NEWLINE, RETURN } from "./chars.js";
import type { Document } from "./document.js";
import { unescape } from "./escapes.js";
import { diagnosticAt, type Finding } from "./source.js";
import type { Token, TokenKind, TreeNode } from "./tree.js";

/** Where parsing is, and what came of it so far. */
export interface Cursor {
  readonly text: string;
  readonly document: Document;
  readonly language: Language;
  /** everything before it is in the tree */
  at: number;
  /** the node that takes the next token */
  node: TreeNode;
  /** end of the last token that is no trivia */
  last: number;
  /** a token that is no trivia stands on this line already */
  begun: boolean;
  /** comments within the current statement */
  comments: Comment[];
  /** how many braces are open */
  depth: number;
  /** that braces are open at the end is reported, or of no interest any more */
  cut: boolean;
}

/** More errors than this are not looked for: nobody reads them. */
export const maxErrors = 200;

/** Thrown to leave a statement that can't be understood; its error is reported already. */
export const abandoned = Symbol("abandoned");

export function report(cursor: Cursor, span: Span, finding: Finding): void {
  const { errors } = cursor.document;
  if (errors.length < maxErrors) errors.push(diagnosticAt(cursor.document, span, finding));
  if (errors.length !== maxErrors - 1) return;
  const rest = { code: "too-many-errors", message: "too many errors: nothing behind this was read", hint: "mend the first ones" };
  errors.push(diagnosticAt(cursor.document, { start: span.end, end: span.end }, rest));
}

export function fail(cursor: Cursor, span: Span, finding: Finding): never {
  report(cursor, span, finding);
  throw abandoned;
}

/** Put the text up to `end` into the tree. */
export function take(cursor: Cursor, end: number, kind: TokenKind): Token {
  const token: Token = { kind, start: cursor.at, end };
  cursor.node.children.push(token);
  cursor.at = end;
  if (kind !== "blank" && kind !== "newline" && kind !== "comment") {
    cursor.last = end;
    cursor.begun = true;
  }
  return token;
}

/** Put the text up to `end` into the tree as a name. */
export function takeWord(cursor: Cursor, end: number): Word {
  const start = cursor.at;
  take(cursor, end, "word");
  return { value: unescape(cursor.text.slice(start, end)), span: { start, end } };
}

/** Take blanks and line ends, which separate in most places. */
export function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    const code = text.charCodeAt(cursor.at);
    let end = cursor.at + 1;
    if (isBlank(code)) {
      while (isBlank(text.charCodeAt(end))) end++;
      take(cursor, end, "blank");
    } else if (code === NEWLINE || (code === RETURN && text.charCodeAt(end) === NEWLINE)) {
      take(cursor, code === RETURN ? end + 1 : end, "newline");
      cursor.begun = false;
    } else return;
  }
}

/** `#` to the line's end, which a comment needs: where it ends without its line end, or undefined. */
export function commentEnd(text: string, at: number): number | undefined {
  const newline = text.indexOf("\n", at);
  if (newline === -1) return undefined;
  return text.charCodeAt(newline - 1) === RETURN ? newline - 1 : newline;
}

/** Whether `#include` begins at `at`: whatever follows the word, it is no comment. */
export function isHashInclude(text: string, at: number): boolean {
  return text.startsWith("#include", at) && text.indexOf("\n", at) !== -1;
}

/** Take blanks, line ends and comments; `comments` gets the latter. */
export function skipTrivia(cursor: Cursor, comments: (Comment | Statement)[] = cursor.comments): void {
  const { text } = cursor;
  for (skipSpace(cursor); text.charCodeAt(cursor.at) === HASH && !isHashInclude(text, cursor.at); skipSpace(cursor)) {
    const start = cursor.at;
    const end = commentEnd(text, start) ?? text.length;
    if (end === text.length) {
      report(cursor, { start, end }, {
        code: "comment-without-newline",
        message: "the comment at the end of the file has no line end",
        hint: "apparmor_parser refuses a last line with a comment that no newline ends: add one",
      });
    }
    comments.push({ kind: "comment", text: text.slice(start + 1, end), trailing: cursor.begun, span: { start, end } });
    take(cursor, end, "comment");
  }
}

/** Make a node around what is taken within `build`. */
export function within<T extends Statement>(cursor: Cursor, kind: T["kind"], build: () => T): T {
  const outer = cursor.node;
  const node: TreeNode = { kind, start: cursor.at, end: cursor.at, children: [] };
  outer.children.push(node);
  cursor.node = node;
  try {
    const statement = build();
    node.kind = statement.kind;
    node.statement = statement;
    return statement;
  } finally {
    if (node.statement === undefined) node.kind = "error";
    node.end = cursor.at;
    cursor.node = outer;
  }
}
