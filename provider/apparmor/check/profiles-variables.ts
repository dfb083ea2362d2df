import type { Word } from "../ast.js";
import { ResolveError } from "../resolve/error.js";
import type { ResolvedProfile } from "../resolve/types.js";
import { expandedWords } from "../resolve/words.js";
import type { Report } from "./profiles.js";
import { globProblem } from "./rules/globs.js";

type At = Parameters<Report>[0];

/** More strings than the words of a profile stand for together in any policy. */
const maxStrings = 1_000_000;

/** Variables in rules, in the attachment and in the path of disconnected files that can't be replaced. */
export function checkVariables(profile: ResolvedProfile, report: Report): void {
  const checked = new Set<string>();
  let strings = 0;
  const check = (word: Word, at: At): string[] => {
    // Most words of a profile have no variable, and many the same ones.
    if (!word.value.includes("@{") || checked.has(word.value) || strings > maxStrings) return [];
    checked.add(word.value);
    const expanded = expand(profile, word, at, report);
    strings += expanded.length;
    if (strings > maxStrings)
      report(at, word.span, {
        code: "variable-size",
        message: `the variables in profile ${profile.fullName} stand for more than ${maxStrings.toLocaleString("en")} strings`,
        hint: "use globs instead",
      });
    return expanded;
  };
  if (profile.attachment) checkGlobs(check(profile.attachment, profile), profile.attachment, profile, report);
  for (const each of profile.rules) for (const word of expandedWords(each.rule)) checkGlobs(check(word, each), word, each, report);
  checkDisconnectedPath(profile, check, report);
}

function expand({ variables }: ResolvedProfile, { value, span }: Word, at: At, report: Report): string[] {
  try {
    return variables.expand(value);
  } catch (error) {
    if (!(error instanceof ResolveError)) throw error;
    report(at, span, { code: error.code, message: error.message, ...(error.hint !== undefined && { hint: error.hint }) });
    return [];
  }
}

/** A value may open what the glob around it does not close. */
function checkGlobs(values: readonly string[], { value, span }: Word, at: At, report: Report): void {
  for (const one of values) {
    const problem = globProblem(one);
    if (problem === undefined) continue;
    report(at, span, { code: "bad-glob", message: `${value} is ${one}, where ${problem}`, hint: "see the values of its variables" });
    return;
  }
}

const prefix = "attach_disconnected.path=";

function checkDisconnectedPath(profile: ResolvedProfile, check: (word: Word, at: ResolvedProfile) => string[], report: Report): void {
  for (const flag of profile.profile.flags) {
    if (!flag.value.startsWith(`${prefix}@{`)) continue;
    const path = flag.value.slice(prefix.length);
    if (check({ ...flag, value: path }, profile).some((one) => !one.startsWith("/")))
      report(profile, flag.span, {
        code: "disconnected-path",
        message: `${prefix}${path} does not begin with a slash`,
        hint: `write ${prefix}/…`,
      });
  }
}
