import type { Rule, Word } from "../ast.js";
import { ResolveError } from "../resolve/error.js";
import type { Resolved, ResolvedProfile } from "../resolve/types.js";
import type { Report } from "./profiles.js";
import { globProblem } from "./rules/globs.js";

/** More pairs of a path and an alias than this are not looked at. */
const maxPairs = 2_000_000;

/** Globs that don't compile once an alias has replaced their beginning. Variables in aliases stay text. */
export function checkAliases(profile: ResolvedProfile, { aliases }: Resolved, report: Report): void {
  const risky = aliases.filter(({ from, to }) => /[[\]{}\\]/.test(from + to));
  if (risky.length === 0) return;
  let pairs = 0;
  const check = (at: Parameters<Report>[0], word: Word): void => {
    const path = single(profile, word.value);
    if (path === undefined || (pairs += risky.length) > maxPairs) return;
    for (const { from, to } of risky) {
      const problem = path.startsWith(from) && globProblem(to + path.slice(from.length));
      if (!problem) continue;
      report(at, word.span, {
        code: "bad-glob",
        message: `the alias ${from} -> ${to} makes this a glob where ${problem}`,
      });
      return;
    }
  };
  check(profile, profile.attachment ?? profile.profile.name);
  for (const each of profile.rules) for (const word of aliasedWords(each.rule)) check(each, word);
}

/** Paths of files; no other rule has aliases. */
function aliasedWords(rule: Rule): Word[] {
  const words =
    rule.kind === "link" ? [rule.path, rule.target] : rule.kind === "file" ? [rule.path, isLink(rule) ? rule.target : undefined] : [];
  return words.filter((word) => word !== undefined);
}

const isLink = ({ leading, permissions }: Extract<Rule, { kind: "file" }>): boolean => leading === true && permissions.includes("l");

/** A variable of several values has become an alternation, which no alias begins with. */
function single({ variables }: ResolvedProfile, value: string): string | undefined {
  try {
    const all = variables.expand(value);
    return all.length === 1 ? all[0] : undefined;
  } catch (error) {
    if (!(error instanceof ResolveError)) throw error;
    return undefined;
  }
}
