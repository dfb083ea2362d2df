import type { Condition, Word } from "../ast.js";
import { blanksEnd, CLOSE, COMMA, EQUALS, isSpace, listNameEnd, listValueEnd, NEWLINE, OPEN, QUOTE, quotedEnd } from "./chars.js";
import { fail, skipSpace, take, takeWord, type Cursor } from "./cursor.js";
import { nameAt, skipBlanks, unexpected } from "./expect.js";

/** Values up to the `)`, which is taken too; the cursor stands behind the `(`. Commas separate, if the place takes them. */
function values(cursor: Cursor, commas: boolean): Word[] {
  const { text } = cursor;
  const open = cursor.at - 1;
  const words: Word[] = [];
  for (;;) {
    skipSpace(cursor);
    const at = cursor.at;
    const code = text.charCodeAt(at);
    if (code === CLOSE) {
      take(cursor, at + 1, "punctuation");
      return words;
    }
    if (code === COMMA && commas) {
      take(cursor, at + 1, "punctuation");
      continue;
    }
    const end = code === QUOTE ? quotedEnd(text, at) : listValueEnd(text, at);
    if (at >= text.length) unclosed(cursor, open);
    if (end === at) unexpected(cursor, "a value or `)`");
    words.push(takeWord(cursor, end));
  }
}

function unclosed(cursor: Cursor, open: number): never {
  return fail(cursor, { start: open, end: open + 1 }, { code: "unclosed-parenthesis", message: "no `)` closes this list" });
}

/** `( a, b c )`; the cursor stands on the `(`. */
export function list(cursor: Cursor): Word[] {
  take(cursor, cursor.at + 1, "punctuation");
  return values(cursor, true);
}

const empty = { code: "empty-list", message: "this list is empty", hint: "name at least one value between the parentheses" };

/** Likewise, with at least one value. */
export function nonEmptyList(cursor: Cursor): Word[] {
  const start = cursor.at;
  const words = list(cursor);
  return words.length ? words : fail(cursor, { start, end: cursor.at }, empty);
}

/** `name=value`, `name=(a b)`, `name in (a b)`; `end` is where the name ends. */
export function condition(cursor: Cursor, end: number): Condition {
  const { text } = cursor;
  const start = cursor.at;
  const name = takeWord(cursor, end).value;
  skipBlanks(cursor);
  if (text.charCodeAt(cursor.at) !== EQUALS) {
    take(cursor, cursor.at + 2, "keyword");
    skipSpace(cursor);
    return { name, operator: "in", values: nonEmptyList(cursor), span: { start, end: cursor.at } };
  }
  take(cursor, cursor.at + 1, "punctuation");
  const next = text.charCodeAt(blanksEnd(text, cursor.at));
  if (next === OPEN || next === NEWLINE) {
    skipSpace(cursor);
    if (text.charCodeAt(cursor.at) !== OPEN) unexpected(cursor, `a value after \`${name}=\``, "a value stands on the line of its `=`");
    return { name, operator: "=", values: nonEmptyList(cursor), span: { start, end: cursor.at } };
  }
  skipBlanks(cursor);
  const valueEnd = nameAt(text, cursor.at);
  if (valueEnd === cursor.at) unexpected(cursor, `a value after \`${name}=\``);
  const value = takeWord(cursor, valueEnd);
  return { name, operator: "=", values: [value], span: { start, end: valueEnd } };
}

/** `peer=( … )` and `xattrs=( … )`: conditions within; `end` is where the name ends. */
export function conditions(cursor: Cursor, end: number): { name: Word; conditions: Condition[] } {
  const { text } = cursor;
  const name = takeWord(cursor, end);
  skipBlanks(cursor);
  take(cursor, cursor.at + 1, "punctuation");
  skipBlanks(cursor);
  const open = cursor.at;
  take(cursor, open + 1, "punctuation");
  const found: Condition[] = [];
  for (;;) {
    skipSpace(cursor);
    const at = cursor.at;
    const code = text.charCodeAt(at);
    if (at >= text.length) unclosed(cursor, open);
    if (code === CLOSE || code === COMMA) {
      take(cursor, at + 1, "punctuation");
      if (code === CLOSE) return { name, conditions: found };
      continue;
    }
    const nameEnd = listNameEnd(text, at);
    if (nameEnd === at) unexpected(cursor, "a condition or `)`");
    found.push(inner(cursor, nameEnd));
  }
}

/** Take blanks and, where an `=` follows, commas, which the compiler passes over there. */
function equalsFollows(cursor: Cursor): boolean {
  const { text } = cursor;
  skipSpace(cursor);
  let next = cursor.at;
  while (text.charCodeAt(next) === COMMA || isSpace(text.charCodeAt(next))) next++;
  if (text.charCodeAt(next) !== EQUALS) return false;
  for (; text.charCodeAt(cursor.at) === COMMA; skipSpace(cursor)) take(cursor, cursor.at + 1, "punctuation");
  return text.charCodeAt(cursor.at) === EQUALS;
}

/** `name`, `name=value` or `name=(value)` within `peer=( … )`. A name alone has no values. */
function inner(cursor: Cursor, end: number): Condition {
  const { text } = cursor;
  const start = cursor.at;
  const name = takeWord(cursor, end).value;
  if (!equalsFollows(cursor)) return { name, operator: "=", values: [], span: { start, end } };
  take(cursor, cursor.at + 1, "punctuation");
  if (text.charCodeAt(blanksEnd(text, cursor.at)) === OPEN) {
    skipBlanks(cursor);
    take(cursor, cursor.at + 1, "punctuation");
    const words = values(cursor, false);
    const span = { start, end: cursor.at };
    if (words.length === 1) return { name, operator: "=", values: words, span };
    return fail(cursor, span, { code: "one-value", message: `\`${name}\` takes one value here, found ${words.length}` });
  }
  skipSpace(cursor);
  const at = cursor.at;
  const quoted = text.charCodeAt(at) === QUOTE;
  const valueEnd = quoted ? quotedEnd(text, at) : listValueEnd(text, at);
  if (valueEnd === at || (quoted && valueEnd === at + 2)) unexpected(cursor, `a value after \`${name}=\``);
  const value = takeWord(cursor, valueEnd);
  return { name, operator: "=", values: [value], span: { start, end: valueEnd } };
}
