import type { Span } from "../ast.js";
import { isSpace, idEnd, QUOTE, quotedEnd, blanksEnd } from "./chars.js";
import { fail, report, skipSpace, take, type Cursor } from "./cursor.js";
import { lex, peek } from "./initial.js";
import { isKeyword } from "./words.js";

/** What stands at the cursor, for messages, and where it ends. */
export function found(cursor: Cursor): { span: Span; what: string } {
  const { text, at } = cursor;
  if (at >= text.length) return { span: { start: at, end: at }, what: "the end of the file" };
  if (isSpace(text.charCodeAt(at))) return { span: { start: at, end: at + 1 }, what: "a line's end" };
  const end = Math.max(idEnd(text, at), at + 1);
  const word = text.slice(at, end);
  return { span: { start: at, end }, what: `\`${word.length > 40 ? `${word.slice(0, 40)}…` : word}\`` };
}

/** Report what stands at the cursor and leave the statement. */
export function unexpected(cursor: Cursor, wanted: string, hint?: string): never {
  const { span, what } = found(cursor);
  const { text, at } = cursor;
  if (text.charCodeAt(at) === QUOTE && quotedEnd(text, at) === at) {
    return fail(cursor, { start: at, end: at + 1 }, {
      code: "unterminated-quote",
      message: "no `\"` closes this name",
      hint: 'write `\\"` for a quote within a name',
    });
  }
  const comment = text.charCodeAt(at) === 35 ? "comments can stand between rules, not in the middle of this one" : undefined;
  const keyword = what.startsWith("`") && isKeyword(what.slice(1, -1)) ? "this is a word of the language" : undefined;
  return fail(cursor, span, { code: "unexpected", message: `expected ${wanted}, found ${what}`, hint: hint ?? comment ?? keyword });
}

/** Whether a line ended since the last token. */
const newLine = (cursor: Cursor): boolean => cursor.text.slice(cursor.last, cursor.at).includes("\n");

/** Take the comma that ends a rule. Where the rule is plainly over without one, report it and go on. */
export function endRule(cursor: Cursor, what: string, lexer: "initial" | "own" = "initial"): void {
  if (lexer === "initial") peek(cursor);
  else skipSpace(cursor);
  const { text, at } = cursor;
  const char = text.charAt(at);
  if (char === ",") return void take(cursor, at + 1, "punctuation");
  if (char === "" || newLine(cursor) || (char === "}" && lex(text, at).kind === "}")) {
    report(cursor, { start: cursor.last, end: cursor.last }, {
      code: "missing-comma",
      message: `expected \`,\` after the ${what}`,
      hint: "every rule ends with a comma",
    });
    return;
  }
  unexpected(cursor, `\`,\` after the ${what}`);
}

/** Where the name from `at` ends, quoted or not; `at` itself when none stands there. */
export function nameAt(text: string, at: number): number {
  return text.charCodeAt(at) === QUOTE ? quotedEnd(text, at) : idEnd(text, at);
}

/** Take blanks, not line ends. */
export function skipBlanks(cursor: Cursor): void {
  const end = blanksEnd(cursor.text, cursor.at);
  if (end > cursor.at) take(cursor, end, "blank");
}
