import type { Word } from "../ast.js";

/**
 * Where a word stands. It decides what must be quoted: `path`: the file of a rule or an attachment; `label`: the
 * same where the grammar takes no lone variable; `id`: names, targets, values of variables and conditions; `item`: within parentheses; `operand`: what stands bare in mount and
 * mqueue rules.
 */
export type Place = "path" | "label" | "id" | "item" | "operand";

// what the compiler's lexer takes without quotes, a little narrower where its states differ
const id = /^(?![#(])(?:\\[ ,!]|\\(?=[^\s"!,])|,(?=[^\s"!,\\])|[^\s"!,\\])+$/;
const path = /^(?:[/:&]|@\{\w+\}(?!,?[=+]))/;
const item = /^(?:\\(?=[^\s"!,()])|[^\s"!,()\\])+$/;
const operand = /^(?!->$)[^=()+&,\\][^=)\\]*$/;

/** A word's text, in quotes where the lexer needs them. */
export function wordText(word: Word, place: Place = "id"): string {
  const { value } = word;
  return isPlain(value, place) ? value : quoted(value);
}

function isPlain(value: string, place: Place): boolean {
  if (place === "item") return item.test(value);
  if (!id.test(value)) return false;
  if (place === "label") return path.test(value) && !/^@\{\w+\}$/.test(value);
  if (place === "path") return path.test(value);
  return place === "id" || path.test(value) || operand.test(value);
}

const controls: Record<string, string> = { "\u0007": "\\a", "\u001b": "\\e", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** In quotes: an escape that the word holds already stays what it is. */
export function quoted(value: string): string {
  const escaped = value.replace(/\\[^]|\\$|["\u0000-\u001f\u007f]/g, (found, at: number) => {
    // a backslash before the closing quote would make it a part of the word
    if (/^\\\\?$/.test(found) && at + found.length === value.length) return "\\134";
    if (found.startsWith("\\")) return found;
    return found === '"' ? '\\"' : (controls[found] ?? `\\x${found.charCodeAt(0).toString(16).padStart(2, "0")}`);
  });
  return `"${escaped}"`;
}

/** `a`, `(a, b)`: parentheses where there are several. */
export function listText(words: readonly Word[]): string {
  const [first, ...more] = words;
  if (first && more.length === 0 && !first.value.startsWith("(")) return wordText(first);
  return parenthesized(words);
}

/** `(a, b)`, whatever their number. */
export function parenthesized(words: readonly Word[]): string {
  return `(${words.map((word) => wordText(word, "item")).join(", ")})`;
}
