import type { Span } from "../../ast.js";
import type { Language } from "../../language.js";
import type { Finding } from "../../syntax/source.js";

/** Reports something about a place of the text; what has no place is reported at its beginning. */
export type Report = (at: Span | undefined, finding: Finding) => void;

/** `a, b or c` */
export function oneOf(names: Iterable<string>): string {
  const all = [...names];
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

/** The name that was probably meant: one letter off, or the same but for case. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  const all = [...names];
  return all.find((name) => name.toLowerCase() === wanted) ?? all.find((name) => distanceIsOne(name, wanted));
}

function distanceIsOne(one: string, other: string): boolean {
  if (other.length < 3 || Math.abs(one.length - other.length) > 1) return false;
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start++;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  return Math.max(one.length, other.length) - start - end === 1;
}

/** Report what the text's language does not have yet. */
export function refuseNewer(report: Report, span: Span | undefined, what: string, language: Language): void {
  report(span, {
    code: "needs-newer-parser",
    message: `${what} needs AppArmor 4.1; this text is for ${language}`,
    hint: "Proxmox VE 8 has AppArmor 3.0, Proxmox VE 9 has 4.1",
  });
}
