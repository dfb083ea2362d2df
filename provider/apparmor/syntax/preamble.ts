import type { Abi, Alias, Assignment, BooleanAssignment, Include, Word } from "../ast.js";
import { supports } from "../language.js";
import { BACKSLASH, blanksEnd, COMMA, HASH, idEnd, includeIdEnd, isBlank, NEWLINE, QUOTE, quotedEnd, RETURN } from "./chars.js";
import { commentEnd, fail, report, skipSpace, take, takeWord, type Cursor } from "./cursor.js";
import { endRule, unexpected } from "./expect.js";
import { arrow } from "./file-rules.js";
import { peek } from "./initial.js";
import { newer } from "./qualifiers.js";

/** `<x>`, `<"x y">`, `"x"` or `x`. */
function fileName(cursor: Cursor, what: string): { path: Word; magic: boolean } {
  skipSpace(cursor);
  const { text, at } = cursor;
  if (text.charAt(at) !== "<") {
    const end = text.charCodeAt(at) === QUOTE ? quotedEnd(text, at) : includeIdEnd(text, at);
    return end === at ? unexpected(cursor, `a file after \`${what}\``) : { path: takeWord(cursor, end), magic: false };
  }
  const quoted = text.charCodeAt(at + 1) === QUOTE;
  const end = quoted ? quotedEnd(text, at + 1) : at + 1 + /^[^">\t\r\n]*/.exec(text.slice(at + 1, at + 4097))![0].length;
  if (text.charAt(end) !== ">") {
    return fail(cursor, { start: at, end: Math.max(end, at + 1) }, {
      code: "bad-file-name",
      message: `the file after \`${what} <\` is not closed by \`>\``,
      hint: 'write `<abstractions/base>`, or `<"a name">` with quotes right within',
    });
  }
  take(cursor, at + 1, "punctuation");
  if (blanksEnd(text, cursor.at) > cursor.at) take(cursor, blanksEnd(text, cursor.at), "blank");
  let nameEnd = end;
  while (nameEnd > cursor.at && isBlank(text.charCodeAt(nameEnd - 1))) nameEnd--;
  if (nameEnd === cursor.at) return unexpected(cursor, `a file within \`<>\``);
  const path = takeWord(cursor, nameEnd);
  if (nameEnd < end) take(cursor, end, "blank");
  take(cursor, end + 1, "punctuation");
  return { path, magic: true };
}

const ifExists = /[ \t]+if[ \t]+exists(?=[ \t])/y;

/** `include <x>`, `include if exists <x>`, `#include <x>`; `end` is where the word ends. */
export function include(cursor: Cursor, end: number): Include {
  const hash = cursor.text.charCodeAt(cursor.at) === HASH;
  take(cursor, end, "keyword");
  ifExists.lastIndex = end;
  const exists = ifExists.test(cursor.text);
  if (exists) take(cursor, ifExists.lastIndex, "keyword");
  const file = fileName(cursor, "include");
  const comma = blanksEnd(cursor.text, cursor.at);
  if (cursor.text.charCodeAt(comma) === COMMA) {
    report(cursor, { start: comma, end: comma + 1 }, { code: "include-with-comma", message: "no comma stands behind an include", hint: "delete the comma" });
    if (comma > cursor.at) take(cursor, comma, "blank");
    take(cursor, comma + 1, "unknown");
  }
  return { kind: "include", ...file, ifExists: exists, hash };
}

/** `abi <abi/4.0>,` */
export function abi(cursor: Cursor, end: number): Abi {
  take(cursor, end, "keyword");
  const file = fileName(cursor, "abi");
  endRule(cursor, "abi rule", "own");
  const next = cursor.text.charAt(cursor.at);
  if (cursor.text.charAt(cursor.at - 1) === "," && !/^[ \t\r\n]?$/.test(next)) {
    report(cursor, { start: cursor.at, end: cursor.at + 1 }, {
      code: "unexpected",
      message: `expected a blank or a line's end after the comma of the abi, found \`${next}\``,
      hint: "write a blank or begin a new line there",
    });
  }
  return { kind: "abi", ...file };
}

/** `alias /a -> /b,` */
export function alias(cursor: Cursor, end: number): Alias {
  take(cursor, end, "keyword");
  const next = peek(cursor);
  const from = next.kind === "id" ? takeWord(cursor, next.end) : unexpected(cursor, "a path after `alias`");
  const to = arrow(cursor) ?? unexpected(cursor, "`-> path` in the alias");
  endRule(cursor, "alias");
  return { kind: "alias", from, to };
}

/** The name within `@{NAME}`, `@NAME` and their `$` kin. */
export const variableName = (raw: string): string => (raw.charAt(1) === "{" ? raw.slice(2, -1) : raw.slice(1));

/** Values up to the line's end; `\` at the end of a line goes on with the next. */
function assigned(cursor: Cursor): Word[] {
  const { text } = cursor;
  const values: Word[] = [];
  for (;;) {
    const at = cursor.at;
    const code = text.charCodeAt(at);
    if (isBlank(code)) take(cursor, blanksEnd(text, at), "blank");
    else if (code === BACKSLASH && text.charCodeAt(at + 1) === NEWLINE) {
      take(cursor, at + 2, "newline");
      cursor.begun = false;
    } else if (at >= text.length || code === NEWLINE || (code === RETURN && text.charCodeAt(at + 1) === NEWLINE)) return values;
    else if (code === HASH && commentEnd(text, at) !== undefined) return values;
    else if (code === COMMA && idEnd(text, at) === at) assignmentComma(cursor);
    else {
      const end = code === QUOTE ? quotedEnd(text, at) : idEnd(text, at);
      if (end === at) unexpected(cursor, "a value of the variable", 'quote a value with blanks or `!`: `"a value"`');
      values.push(takeWord(cursor, end));
    }
  }
}

function assignmentComma(cursor: Cursor): void {
  report(cursor, { start: cursor.at, end: cursor.at + 1 }, {
    code: "assignment-with-comma",
    message: "no comma stands in or behind an assignment",
    hint: "delete the comma: blanks separate values, the line's end ends them",
  });
  take(cursor, cursor.at + 1, "unknown");
}

/** `@{NAME} = a b`, `@{NAME} += a` or `@{NAME} ?= a`; `end` is where the variable ends. */
export function assignment(cursor: Cursor, end: number): Assignment {
  const name = variableName(cursor.text.slice(cursor.at, end));
  take(cursor, end, "word");
  const next = peek(cursor);
  if (next.kind !== "=" && next.kind !== "+=" && next.kind !== "?=") unexpected(cursor, "`=` or `+=` after the variable");
  if (next.kind === "?=" && !supports(cursor.language, "5.0")) newer({ ...cursor, at: next.end }, cursor.at, "?=", "5.0");
  take(cursor, next.end, "punctuation");
  const values = assigned(cursor);
  if (!values.length) unexpected(cursor, "a value of the variable", 'an empty one is written `""`');
  return { kind: "assignment", name, operator: next.kind, values };
}

/** `$NAME = true` */
export function booleanAssignment(cursor: Cursor, end: number): BooleanAssignment {
  const name = variableName(cursor.text.slice(cursor.at, end));
  take(cursor, end, "word");
  if (peek(cursor).kind !== "=") unexpected(cursor, "`=` after the variable");
  take(cursor, cursor.at + 1, "punctuation");
  const [value, more] = assigned(cursor);
  const text = value?.value.toLowerCase();
  if (!value || more || (text !== "true" && text !== "false")) {
    const span = more?.span ?? value?.span ?? { start: cursor.last, end: cursor.last };
    return fail(cursor, span, { code: "bad-boolean", message: `\`$${name}\` takes true or false` });
  }
  return { kind: "boolean", name, value: text === "true" };
}
