import { GlobError } from "./error.js";
import { bytesOf } from "./regex.js";

/** One byte of a glob: `special` when it means something (`(`, `|`, `)`, `[`, `]`, `^`, `-`, `*`, `.`), else itself. */
export interface Token {
  byte: number;
  special: boolean;
}

const maxDepth = 50;
const code = (character: string): number => character.charCodeAt(0);
const [slash, asterisk] = [code("/"), code("*")];

/**
 * Takes a glob apart into what the compiler's regular expressions have: `*` and `?` have become sets, braces groups.
 *
 * Wildcards are written out even within `[…]`, where the compiler does so too: `[?]` is `[[^/\x00]]`.
 *
 * @param nulls whether wildcards match byte 0 (abstract socket addresses) @throws GlobError
 */
export function tokensOf(glob: string, nulls: boolean): Token[] {
  const bytes = bytesOf(glob);
  const tokens: Token[] = [];
  /** alternatives of each open brace so far */
  const groups: number[] = [];
  let inSet = false;

  const plain = (byte: number): void => void tokens.push({ byte, special: false });
  const special = (character: string): void => void tokens.push({ byte: code(character), special: true });
  const written = (pattern: string): void => {
    for (const character of pattern) {
      if ("[^]*.".includes(character)) special(character);
      else plain(code(character));
    }
  };
  const one = nulls ? "[^/]" : "[^/\0]";

  for (let at = 0; at < bytes.length; at++) {
    const character = bytes[at]!;
    switch (character) {
      case "\\": {
        if (++at >= bytes.length) throw new GlobError(glob, "nothing stands behind the last backslash");
        const escaped = escapeAt(bytes, at);
        if (escaped) {
          plain(escaped.byte);
          at = escaped.end - 1;
        } else if (bytes[at] === "," && inSet) {
          // the compiler keeps the backslash too
          plain(code("\\"));
          plain(code(","));
        } else if ((bytes[at] === "^" && inSet) || bytes[at] === "-") special(bytes[at]!);
        else plain(code(bytes[at]!));
        break;
      }
      case "*": {
        const previous = tokens.at(-1);
        let end = at;
        while (bytes.charCodeAt(end) === asterisk) end++;
        // `/*` and `/**` that fill a component match at least one character: never the directory itself
        if (previous?.byte === slash && (end === bytes.length || bytes.charCodeAt(end) === slash)) written(one);
        if (bytes.charCodeAt(at + 1) === asterisk) {
          at++;
          written(nulls ? ".*" : "[^\0]*");
        } else written(`${one}*`);
        break;
      }
      case "?":
        written(one);
        break;
      case "[":
        inSet = true;
        special("[");
        break;
      case "]":
        if (!inSet) throw new GlobError(glob, "] without [");
        inSet = false;
        special("]");
        break;
      case "{":
        if (inSet) plain(code("{"));
        else {
          groups.push(0);
          if (groups.length >= maxDepth) throw new GlobError(glob, `braces may be nested at most ${maxDepth - 1} deep`);
          special("(");
        }
        break;
      case "}":
        if (inSet) plain(code("}"));
        else {
          const alternatives = groups.pop();
          if (alternatives === undefined) throw new GlobError(glob, "} without {");
          if (alternatives === 0) throw new GlobError(glob, "{} needs at least two alternatives");
          special(")");
        }
        break;
      case ",":
        if (groups.length > 0 && !inSet) {
          groups[groups.length - 1]!++;
          special("|");
        } else plain(code(","));
        break;
      case "^":
        if (inSet) special("^");
        else plain(code("^"));
        break;
      case "-":
        special("-");
        break;
      default:
        plain(code(character));
    }
  }
  if (groups.length > 0) throw new GlobError(glob, "{ without }");
  if (inSet) throw new GlobError(glob, "[ without ]");
  return tokens;
}

const letters: Record<string, number> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9, "\\": 92, '"': 34 };

/** `\101`, `\d65`, `\x41`, `\n`: at most three, three and two digits, and never above 255. */
function escapeAt(bytes: string, at: number): { byte: number; end: number } | undefined {
  const character = bytes[at]!;
  if (/[0-7]/.test(character)) return numberAt(bytes, at, 8, 3);
  if (character === "d") return numberAt(bytes, at + 1, 10, 3);
  if (character === "x") return numberAt(bytes, at + 1, 16, 2);
  const byte = letters[character];
  return byte === undefined ? undefined : { byte, end: at + 1 };
}

function numberAt(bytes: string, start: number, base: number, digits: number): { byte: number; end: number } | undefined {
  let byte = 0;
  let end = start;
  for (; end < start + digits && end < bytes.length; end++) {
    const digit = parseInt(bytes[end]!, base);
    if (Number.isNaN(digit) || byte * base + digit > 255) break;
    byte = byte * base + digit;
  }
  return end > start ? { byte, end } : undefined;
}
