import { matchPattern } from "./ssh-pattern";

/**
 * Narrows our algorithms by a list of ssh_config: `-` takes those away, `^` puts them first,
 * a plain list is the list. `+` adds what ssh leaves out for its weakness: never done here.
 */
export function narrow(ours: readonly string[], text: string): string[] {
  const sign = /^[-+^]/.exec(text)?.[0];
  const patterns = text.slice(sign ? 1 : 0).split(",");
  const listed = patterns.flatMap((pattern) => ours.filter((name) => matchPattern(pattern, name)));
  if (sign === "+") return [...ours];
  if (sign === "-") return ours.filter((name) => !listed.includes(name));
  return [...new Set(sign === "^" ? [...listed, ...ours] : listed)];
}

/** Whether such a list leaves an algorithm in. */
export function allows(text: string, algorithm: string): boolean {
  return narrow([algorithm], text).length > 0;
}
