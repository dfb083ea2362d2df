import type { ResolvedRule } from "../resolve/types.js";
import { ownAutomaton } from "./automata.js";
import { tableNames, type Clause, type TableName } from "./clause.js";
import { combine, permissionMask, type Effective } from "./effective.js";
import type { Policy } from "./types.js";

export interface Redundancy {
  rule: ResolvedRule;
  /** rules that stay and say all that it says */
  by: ResolvedRule[];
}

/** Clauses that match some strings together. */
interface Meeting {
  table: TableName;
  clauses: readonly Clause[];
  /** what they make together, with the rules that are still there */
  now: string;
}

/**
 * Rules without which the profile allows, logs and executes the same. All that are returned can be deleted together: of
 * equal rules the last stays out, the profile's own before those of includes.
 *
 * @throws LimitError
 */
export function redundantRules(policy: Policy): Redundancy[] {
  const complain = policy.mode.mode === "complain";
  const meetings = new Map<ResolvedRule, Meeting[]>();
  for (const table of tableNames) {
    const clauses = policy.tables.get(table);
    if (!clauses) continue;
    const automaton = ownAutomaton(policy, table);
    for (const { clauses: indices } of automaton.reachable()) {
      const here = indices.map((index) => clauses[index]!);
      const meeting: Meeting = { table, clauses: here, now: signature(table, here, complain) };
      for (const source of new Set(here.map((clause) => clause.source))) {
        if (!source) continue;
        const list = meetings.get(source);
        if (list) list.push(meeting);
        else meetings.set(source, [meeting]);
      }
    }
  }
  const gone = new Set<ResolvedRule>();
  const without = (meeting: Meeting, rule: ResolvedRule): Clause[] =>
    meeting.clauses.filter(({ source }) => source !== rule && !(source && gone.has(source)));
  const covering = new Map<ResolvedRule, Meeting[]>();
  for (const rule of candidates(policy)) {
    const of = meetings.get(rule) ?? [];
    if (rule.rule.kind === "rlimit") {
      const winner = [...policy.rlimits.values()].some(({ source }) => source === rule);
      if (winner) continue;
    } else if (!of.every((meeting) => signature(meeting.table, without(meeting, rule), complain) === meeting.now)) continue;
    if (rule.rule.kind === "pivot_root" && rule.rule.target) continue;
    gone.add(rule);
    covering.set(rule, of);
  }
  return policy.profile.rules
    .filter((rule) => gone.has(rule))
    .map((rule) => ({ rule, by: coverOf(policy, rule, covering.get(rule)!, gone) }));
}

/** The last of the profile's own rules first, those of includes at the end. */
function candidates({ profile }: Policy): ResolvedRule[] {
  const reversed = [...profile.rules].reverse();
  return [...reversed.filter(({ via }) => via.length === 0), ...reversed.filter(({ via }) => via.length > 0)];
}

function signature(table: TableName, clauses: readonly Clause[], complain: boolean): string {
  const { allowed, denied, prompted, audited, quiet, transitions }: Effective = combine(table, clauses);
  const mask = permissionMask(table);
  return [allowed, complain ? denied : 0, prompted, audited, quiet].map((bits) => bits & mask).join() + transitions.join();
}

/** The remaining rules that speak of the same strings and permissions, those that matter at most strings first. */
function coverOf(policy: Policy, rule: ResolvedRule, meetings: readonly Meeting[], gone: ReadonlySet<ResolvedRule>): ResolvedRule[] {
  if (rule.rule.kind === "rlimit") {
    const { value } = rule.rule.resource;
    return [...policy.rlimits].flatMap(([resource, { source }]) =>
      resource === value || (resource === "nofile" && value === "ofile") ? [source] : [],
    );
  }
  const counts = new Map<ResolvedRule, number>();
  for (const { clauses } of meetings) {
    const own = clauses.filter(({ source }) => source === rule).reduce((bits, { permissions }) => bits | permissions, 0);
    for (const { source, permissions } of clauses) {
      if (source && source !== rule && !gone.has(source) && permissions & own) counts.set(source, (counts.get(source) ?? 0) + 1);
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([source]) => source);
}
