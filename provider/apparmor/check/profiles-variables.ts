import type { Rule, Word } from "../ast.js";
import { ResolveError } from "../resolve/error.js";
import type { ResolvedProfile, Variables } from "../resolve/types.js";
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
  const check = (word: Word, at: At, kind = ""): string[] => {
    // Most words of a profile have no variable, and many the same ones.
    if (!word.value.includes("@{") || checked.has(kind + word.value) || strings > maxStrings) return [];
    checked.add(kind + word.value);
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
  const { attachment } = profile;
  if (attachment && !refuseOwnName(profile, attachment, report)) checkGlobs(check(attachment, profile), attachment, profile, report);
  for (const each of profile.rules) {
    const addresses = addressesOf(each.rule);
    for (const word of expandedWords(each.rule)) {
      const address = addresses.has(word);
      const values = check(word, each, address ? "address " : "");
      checkGlobs(address ? addressesFrom(values, word, profile) : values, word, each, report);
    }
  }
  checkDisconnectedPath(profile, check, report);
}

/** A header is read before the profile has its name: `@{profile_name}` can't be in it, nor in the variables there. */
function refuseOwnName(profile: ResolvedProfile, { value, span }: Word, report: Report): boolean {
  if (!reaches(value, "profile_name", profile.variables)) return false;
  report(profile, span, {
    code: "undefined-variable",
    message: "@{profile_name} is not defined in the header of a profile",
    hint: "write the name",
  });
  return true;
}

/** Whether a variable is among those that a value is made of. */
function reaches(value: string, wanted: string, variables: Variables): boolean {
  const seen = new Set<string>();
  const open = namesIn(value);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === wanted) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    for (const one of variables.get(name) ?? []) for (const inner of namesIn(one)) open.push(inner);
  }
  return false;
}

const namesIn = (value: string): string[] => [...value.matchAll(/@\{([A-Za-z]\w*)\}/g)].map(([, name]) => name!);

function addressesOf(rule: Rule): Set<Word> {
  if (rule.kind !== "unix") return new Set();
  return new Set([...rule.conditions, ...(rule.peer ?? [])].flatMap(({ name, values }) => (name === "addr" ? values : [])));
}

/** The compiler drops the `@` of an address once variables are replaced, be it the brace of several values. */
function addressesFrom(values: readonly string[], { value }: Word, { variables }: ResolvedProfile): string[] {
  const [, first] = /^@\{([A-Za-z]\w*)\}/.exec(value) ?? [];
  const several = first !== undefined && values.length > 1 && variables.expand(`@{${first}}`).length > 1;
  return several ? [`${values.join(",")}}`] : values.map((one) => one.slice(1));
}

function expand({ variables }: ResolvedProfile, { value, span }: Word, at: At, report: Report): string[] {
  try {
    return variables.expand(value);
  } catch (error) {
    if (!(error instanceof ResolveError)) throw error;
    report(at, span, {
      code: error.code,
      message: error.message,
      ...(error.hint !== undefined && { hint: error.hint }),
    });
    return [];
  }
}

/** A value may open what the glob around it does not close. */
function checkGlobs(values: readonly string[], { value, span }: Word, at: At, report: Report): void {
  for (const one of values) {
    const problem = globProblem(one);
    if (problem === undefined) continue;
    report(at, span, {
      code: "bad-glob",
      message: `${value} is ${one}, where ${problem}`,
      hint: "see the values of its variables",
    });
    return;
  }
}

const prefix = "attach_disconnected.path=";

function checkDisconnectedPath(profile: ResolvedProfile, check: (word: Word, at: ResolvedProfile) => string[], report: Report): void {
  for (const flag of profile.profile.flags) {
    if (!flag.value.startsWith(prefix)) continue;
    const path = flag.value.slice(prefix.length);
    if (refuseOwnName(profile, { ...flag, value: path }, report)) continue;
    if (check({ ...flag, value: path }, profile).some((one) => !one.startsWith("/")))
      report(profile, flag.span, {
        code: "disconnected-path",
        message: `${prefix}${path} does not begin with a slash`,
        hint: `write ${prefix}/…`,
      });
  }
}
