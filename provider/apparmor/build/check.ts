import type { Word } from "../ast.js";
import { quoted } from "../print/words.js";
import { unescape } from "../syntax/escapes.js";

/** What a function of the builder was called with that no rule can say. `where` names function and argument. */
export function refuse(where: string, problem: string): never {
  throw new TypeError(`${where}: ${problem}`);
}

/** A word as it stands in the tree. Characters stand for themselves, globs and variables keep their meaning. */
export function word(value: string, where: string): Word {
  if (typeof value !== "string") refuse(where, `must be a string, not ${typeof value}`);
  if (value === "") refuse(where, "must not be empty");
  if (value.includes("\0")) refuse(where, "must not contain NUL");
  if (unescape(quoted(value)) !== value) {
    refuse(where, `${JSON.stringify(value)} holds an escape of a plain character or ends in a backslash: write the character, or use literal()`);
  }
  return { value };
}

/** A file's path: absolute, or beginning with a variable. */
export function path(value: string, where: string): Word {
  const checked = word(value, where);
  if (!/^(?:\/|@\{)/.test(value)) refuse(where, `${JSON.stringify(value)} must begin with \`/\` or a variable \`@{…}\``);
  return checked;
}

/** `value` as one of `known`; else an Error that names it. */
export function oneOf(value: string, known: readonly string[], where: string): Word {
  if (!known.includes(value)) {
    refuse(where, `${JSON.stringify(value)} is none of ${known.length > 20 ? `those that AppArmor knows (${known.slice(0, 8).join(", ")}, …)` : known.join(", ")}`);
  }
  return { value };
}

/** `a` or `[a, b]` as words. An empty list is refused: no names at all would mean every one. */
export function several(value: string | readonly string[] | undefined, where: string, one: (value: string, where: string) => Word): Word[] {
  if (value === undefined) return [];
  const values = typeof value === "string" ? [value] : value;
  if (values.length === 0) refuse(where, "the list is empty: leave it out to mean all");
  return values.map((each) => one(each, where));
}

/** Refuses keys that a JavaScript program may have misspelt. */
export function onlyKeys(options: object, known: readonly string[], where: string): void {
  for (const key of Object.keys(options)) if (!known.includes(key)) refuse(where, `has no ${JSON.stringify(key)}: expected ${known.join(", ")}`);
}

/** The value and everything in it, unchangeable from here on. */
export function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
