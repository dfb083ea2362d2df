import { LimitError } from "../glob/index.js";
import type { ResolvedRule } from "../resolve/types.js";
import { ownAutomaton } from "./automata.js";
import { tableNames, type Clause } from "./clause.js";
import { combine, permissionMask, type Effective } from "./effective.js";
import { causesOf, type Causes, type Meeting } from "./redundancy-causes.js";
import type { Policy } from "./types.js";

export interface Redundancy extends Causes {
  rule: ResolvedRule;
}

/**
 * Rules without which the compiled profile is the same. All that are returned can be deleted together: of equal rules the
 * last stays out, the profile's own before those of includes. A deny counts by what all allows would give without it.
 *
 * @throws LimitError
 */
export function redundantRules(policy: Policy): Redundancy[] {
  const meetings = meetingsOf(policy);
  let work = 0;
  const gone = new Set<ResolvedRule>();
  // a deny that only guards against later allows stays, so that it may be why another one can go
  const guards = new Set<ResolvedRule>();
  const found = new Map<ResolvedRule, Redundancy>();
  for (const rule of candidates(policy)) {
    const of = meetings.get(rule) ?? [];
    for (const { clauses } of of) work += clauses.length;
    if (work > maxWork) throw new LimitError("the profile", "its rules meet too often to weigh each against the others");
    const stays = ({ source }: Clause): boolean => source !== rule && !(source && gone.has(source));
    if (rule.rule.kind === "rlimit" ? limits(policy, rule) : !of.every((meeting) => signature(meeting, stays) === meeting.now)) continue;
    if (rule.rule.kind === "pivot_root" && rule.rule.target) continue;
    const named = (clause: Clause): boolean => stays(clause) || (clause.source !== rule && guards.has(clause.source!));
    const causes = rule.rule.kind === "rlimit" ? { by: limitsOver(policy, rule), unallowed: false } : causesOf(rule, of, named);
    gone.add(rule);
    if (causes.unallowed) guards.add(rule);
    found.set(rule, { rule, ...causes });
  }
  return policy.profile.rules.flatMap((rule) => found.get(rule) ?? []);
}

/** Rules looked at, those of each meeting once for each rule in it; twenty times what any profile of Debian needs. */
const maxWork = 500_000;

/** Where each rule's clauses match, with what all that match there make together. @throws LimitError */
function meetingsOf(policy: Policy): Map<ResolvedRule, Meeting[]> {
  const meetings = new Map<ResolvedRule, Meeting[]>();
  for (const table of tableNames) {
    const clauses = policy.tables.get(table);
    if (!clauses) continue;
    for (const { clauses: indices } of ownAutomaton(policy, table).reachable()) {
      const here = indices.map((index) => clauses[index]!);
      const meeting: Meeting = { table, clauses: here, now: signature({ table, clauses: here }, () => true) };
      for (const source of new Set(here.map((clause) => clause.source))) {
        if (!source) continue;
        const list = meetings.get(source);
        if (list) list.push(meeting);
        else meetings.set(source, [meeting]);
      }
    }
  }
  return meetings;
}

/** Denies first, as what they take back counts however it is said; the last of the profile's own, those of includes at the end. */
function candidates({ profile }: Policy): ResolvedRule[] {
  const place = ({ rule, via }: ResolvedRule): number => (rule.qualifiers.mode === "deny" ? 0 : 2) + (via.length > 0 ? 1 : 0);
  return [...profile.rules].reverse().sort((a, b) => place(a) - place(b));
}

/** What is compiled for one string: a denial that is logged is the same as no rule. */
function signature({ table, clauses }: Omit<Meeting, "now">, stays: (clause: Clause) => boolean): string {
  const { allowed, prompted, audited, quiet, transitions }: Effective = combine(table, clauses.filter(stays));
  const mask = permissionMask(table);
  return [allowed, prompted, audited, quiet].map((bits) => bits & mask).join() + transitions.join();
}

/** Whether a limit is one that counts. */
function limits(policy: Policy, rule: ResolvedRule): boolean {
  return [...policy.rlimits.values()].some(({ source }) => source === rule);
}

function limitsOver(policy: Policy, { rule }: ResolvedRule): ResolvedRule[] {
  if (rule.kind !== "rlimit") return [];
  const { value } = rule.resource;
  return [...policy.rlimits].flatMap(([resource, { source }]) =>
    resource === value || (resource === "nofile" && value === "ofile") ? [source] : [],
  );
}
