import { describeAccess, execConflicts, GlobError, LimitError, policyOf, type ExecConflict } from "../policy/index.js";
import { originOf } from "../resolve/origin.js";
import type { Resolved, ResolvedProfile } from "../resolve/types.js";
import type { Report } from "./profiles.js";

/** Exec rules that send the same program different ways. */
export function checkExecConflicts(profile: ResolvedProfile, { aliases }: Resolved, report: Report): void {
  const execs = profile.rules.filter(
    ({ rule }) => (rule.kind === "file" && rule.exec) || (rule.kind === "change_profile" && rule.exec) || rule.kind === "all",
  );
  if (execs.length === 0 || (execs.length === 1 && !profile.rules.some(({ rule }) => rule.kind === "file" && !rule.path))) return;
  try {
    for (const conflict of execConflicts(policyOf({ ...profile, rules: profile.rules.filter(isRelevant) }, { aliases })))
      tell(conflict, report);
  } catch (error) {
    if (!(error instanceof LimitError) && !(error instanceof GlobError)) throw error;
    report(profile, profile.profile.name.span, {
      code: "too-complex",
      message: `the exec rules of ${profile.fullName} are too complex to be compared: ${error.message}`,
      hint: "use fewer wildcards in them",
    });
  }
}

/** Only these have exec modes. */
function isRelevant({ rule }: ResolvedProfile["rules"][number]): boolean {
  return rule.kind === "all" || rule.kind === "change_profile" || (rule.kind === "file" && (rule.exec !== undefined || !rule.path));
}

function tell({ a, b, witness, reason }: ExecConflict, report: Report): void {
  // The rule further down is the one that came later, mostly.
  const [other, at] = a.via.length > 0 || (b.via.length === 0 && (a.rule.span?.start ?? 0) < (b.rule.span?.start ?? 0)) ? [a, b] : [b, a];
  report(at, at.rule.span, {
    code: "exec-conflict",
    message: `this rule and the one at ${originOf(other)} contradict each other about ${describeAccess(witness)}: ${reason}`,
    hint: "let one exec mode hold for a path: make one of the globs narrower, or raise the priority of one rule",
  });
}
