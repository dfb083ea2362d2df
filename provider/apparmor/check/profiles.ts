import type { Span } from "../ast.js";
import type { Diagnostic } from "../diagnostics.js";
import { chain } from "../resolve/context.js";
import type { Resolved, ResolvedProfile, ResolvedRule } from "../resolve/types.js";
import { diagnosticAt, type Finding } from "../syntax/source.js";
import { checkAliases } from "./profiles-aliases.js";
import { checkExecConflicts } from "./profiles-exec.js";
import { checkTransitions } from "./profiles-transitions.js";
import { checkVariables } from "./profiles-variables.js";

/** Reports something about a rule or a profile. */
export type Report = (at: ResolvedRule | ResolvedProfile, span: Span | undefined, finding: Finding) => void;

/**
 * What the compiler refuses that no single rule shows.
 *
 * @param conflicts whether to look for exec rules that contradict each other, which takes the rules to be right; default true
 */
export function checkProfiles(resolved: Resolved, { conflicts = true } = {}): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = (at, span, finding) => {
    const message = finding.message + ("via" in at ? chain(at) : "");
    found.push(diagnosticAt(at.document, span ?? { start: 0, end: 0 }, { ...finding, message }));
  };
  const visit = (profile: ResolvedProfile): void => {
    checkVariables(profile, report);
    checkAliases(profile, resolved, report);
    checkTransitions(profile, report);
    if (conflicts && found.length === 0) checkExecConflicts(profile, resolved, report);
    profile.children.forEach(visit);
  };
  resolved.profiles.forEach(visit);
  return found;
}
