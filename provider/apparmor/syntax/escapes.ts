const named: Record<string, number> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9, "\\": 92, '"': 34 };

/** The number of an escape that begins behind a backslash at `at`, and where it ends; undefined when it is none. */
function escapeAt(text: string, at: number): { code: number; end: number } | undefined {
  const char = text.charAt(at);
  if (char >= "0" && char <= "7") return digits(text, at, 8, 3);
  if (char === "d") return digits(text, at + 1, 10, 3);
  if (char === "x") return digits(text, at + 1, 16, 2);
  const code = Object.hasOwn(named, char) ? named[char] : undefined;
  return code === undefined ? undefined : { code, end: at + 1 };
}

/** As many digits as make at most 255. */
function digits(text: string, start: number, base: number, most: number): { code: number; end: number } | undefined {
  let code = 0;
  let end = start;
  for (; end < start + most; end++) {
    const digit = parseInt(text.charAt(end), base);
    if (Number.isNaN(digit) || code * base + digit > 255) break;
    code = code * base + digit;
  }
  return end === start ? undefined : { code, end };
}

/**
 * What a name means to the compiler: quotes gone, escapes of plain characters resolved (`\t`, `\040`, `\d32`, `\x20`). An
 * escape that means a character of globs keeps its backslash, and so does one that the compiler does not know (`\*`). Bytes
 * beyond ASCII stay escapes too, as they are but parts of characters.
 */
export function unescape(raw: string): string {
  const quoted = raw.charCodeAt(0) === 34;
  const text = quoted ? raw.slice(1, -1) : raw;
  let at = text.indexOf("\\");
  if (at === -1) return text;
  let value = "";
  let from = 0;
  for (; at !== -1; at = text.indexOf("\\", from)) {
    value += text.slice(from, at);
    const escape = escapeAt(text, at + 1);
    from = escape?.end ?? at + 1;
    if (!escape) value += "\\";
    else if (escape.code === 0 || escape.code > 127) value += text.slice(at, from);
    else value += ("*?[]{}^,\\".includes(String.fromCharCode(escape.code)) ? "\\" : "") + String.fromCharCode(escape.code);
  }
  return value + text.slice(from);
}
