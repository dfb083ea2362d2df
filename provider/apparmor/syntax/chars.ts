/** Classes of characters as apparmor_parser's lexer has them; whatever is beyond ASCII is an ordinary character to it. */
const BLANK = 1; // space, tab
const SPACE = 2; // isspace(3)
const ALPHA = 4;
const ALNUM = 8; // with `_`
const PLAIN = 16; // neither blank, line end, `"`, `!` nor `,`

const classes = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const char = String.fromCharCode(code);
  classes[code] =
    (/[ \t]/.test(char) ? BLANK : 0) |
    (/[\t-\r ]/.test(char) ? SPACE : 0) |
    (/[A-Za-z]/.test(char) ? ALPHA : 0) |
    (/\w/.test(char) ? ALNUM : 0) |
    (/[^ \t\r\n"!,]/.test(char) ? PLAIN : 0);
}

const is = (code: number, mask: number): boolean => code < 128 && (classes[code]! & mask) !== 0;

export const TAB = 9;
export const NEWLINE = 10;
export const RETURN = 13;
export const QUOTE = 34;
export const HASH = 35;
export const OPEN = 40;
export const CLOSE = 41;
export const COMMA = 44;
export const EQUALS = 61;
export const BACKSLASH = 92;

/** `charCodeAt` gives NaN at the end of a text, which none of these takes. */
export const isBlank = (code: number): boolean => is(code, BLANK);
export const isSpace = (code: number): boolean => is(code, SPACE);
export const isAlpha = (code: number): boolean => is(code, ALPHA);
export const isAlnum = (code: number): boolean => is(code, ALNUM);
export const isPlain = (code: number): boolean => code >= 128 || is(code, PLAIN);

/** Where the blanks from `at` end. */
export function blanksEnd(text: string, at: number): number {
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** Where the letters, digits and `_` from `at` end. */
export function nameEnd(text: string, at: number): number {
  while (isAlnum(text.charCodeAt(at))) at++;
  return at;
}

const escapable = (code: number): boolean => code === 32 || code === TAB || code === QUOTE || code === 33 || code === COMMA;

/**
 * Where a path or name without quotes ends. A comma belongs to it when an ordinary character follows, a blank, `"`, `!` or
 * comma when a backslash stands before it.
 */
export function idEnd(text: string, at: number): number {
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH && escapable(text.charCodeAt(at + 1))) at += 2;
    else if (isPlain(code)) at++;
    else if (code === COMMA && isPlain(text.charCodeAt(at + 1))) at += 2;
    else return at;
  }
}

/** Likewise for the file name of an include, where `<` and `>` do not belong. */
export function includeIdEnd(text: string, at: number): number {
  const plain = (code: number): boolean => isPlain(code) && code !== 60 && code !== 62;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH && escapable(text.charCodeAt(at + 1))) at += 2;
    else if (plain(code)) at++;
    else if (code === COMMA && plain(text.charCodeAt(at + 1))) at += 2;
    else return at;
  }
}

/** Where a name within a network, mount, dbus, … rule ends: `=` and `)` do not belong to it, `( ) + &` can't begin it. */
export function bareIdEnd(text: string, at: number): number {
  const plain = (code: number): boolean => (isPlain(code) || code === RETURN) && code !== EQUALS && code !== CLOSE;
  const first = text.charCodeAt(at);
  if (!plain(first) || first === OPEN || first === 43 || first === 38) return at;
  for (at++; ; ) {
    const code = text.charCodeAt(at);
    if (plain(code)) at++;
    else if (code === COMMA && plain(text.charCodeAt(at + 1))) at += 2;
    else return at;
  }
}

/** Where one value within `( … )` ends: parentheses belong to it only behind a backslash. */
export function listValueEnd(text: string, at: number): number {
  for (;;) {
    const code = text.charCodeAt(at);
    const next = text.charCodeAt(at + 1);
    if (code === BACKSLASH && (escapable(next) || next === OPEN || next === CLOSE)) at += 2;
    else if ((isPlain(code) || code === RETURN) && code !== OPEN && code !== CLOSE) at++;
    else return at;
  }
}

/** Where the name of a condition within `peer=( … )` ends. */
export function listNameEnd(text: string, at: number): number {
  for (;;) {
    const code = text.charCodeAt(at);
    if ((isPlain(code) || code === RETURN) && code !== EQUALS && code !== CLOSE) at++;
    else return at;
  }
}

/**
 * Where a quoted name ends, its closing quote included; `at` itself when it is never closed. A backslash before a quote makes
 * it part of the name, unless no other quote closes it.
 */
export function quotedEnd(text: string, at: number): number {
  let last = at;
  for (let next = text.indexOf('"', at + 1); next !== -1; next = text.indexOf('"', next + 1)) {
    last = next + 1;
    if (text.charCodeAt(next - 1) !== BACKSLASH || next - 1 === at) break;
  }
  const nul = last === at ? -1 : text.slice(at, last).indexOf("\0");
  return nul === -1 ? last : at;
}
