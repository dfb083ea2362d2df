import { nearest } from "../../../apparmor/check/rules/report.js";

/** What to do about a word that is none, where it is near to one that is. */
export function meant(word: string, names: readonly string[]): string | undefined {
  const near = nearest(word, names);
  return near === undefined ? undefined : `Did you mean \`${near}\`?`;
}
