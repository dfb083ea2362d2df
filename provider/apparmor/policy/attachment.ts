import { buildDfa, collapseSlashes, parseGlob, reachable, type Language } from "../glob/index.js";
import type { ResolvedProfile } from "../resolve/types.js";
import { patternsOf } from "./patterns.js";

type Aliases = readonly { from: string; to: string }[];

/** The globs of executables that a profile is for: its attachment, else its name when that is a path, and their aliases. */
export function attachmentsOf(profile: ResolvedProfile, aliases: Aliases): string[] {
  const { attachment, name } = profile;
  if (!attachment && !name.startsWith("/")) return [];
  const glob = patternsOf(profile.variables).expand(attachment?.value ?? name);
  return [glob, ...aliases.flatMap(({ from, to }) => (glob.startsWith(from) ? [to + glob.slice(from.length)] : []))];
}

/** Whether two lists of globs match the same paths. @throws GlobError, LimitError */
export function sameGlobs(a: readonly string[], b: readonly string[]): boolean {
  if (a.join("\0") === b.join("\0")) return true;
  const languages: Language[] = [...a, ...b].map((glob) => ({ key: glob, name: glob, regex: parseGlob(collapseSlashes(glob)) }));
  const dfa = buildDfa(languages);
  for (const { state } of reachable(dfa)) {
    const accepted = dfa.accepted(dfa.acceptance(state));
    if (accepted.some((index) => index < a.length) !== accepted.some((index) => index >= a.length)) return false;
  }
  return true;
}

/** `xattrs=(…)` in one spelling: names and values as globs, in their order, which the compiler keeps. */
export function xattrsOf(profile: ResolvedProfile): string {
  return (profile.profile.xattrs ?? []).map(({ name, values }) => `${name}=${values[0]?.value ?? "**"}`).join(" ");
}
