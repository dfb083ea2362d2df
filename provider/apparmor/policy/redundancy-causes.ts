import type { ResolvedRule } from "../resolve/types.js";
import type { Clause, TableName } from "./clause.js";

/** Clauses that match some strings together. */
export interface Meeting {
  table: TableName;
  clauses: readonly Clause[];
  /** what they make together */
  now: string;
}

/** Why a rule changes nothing. */
export interface Causes {
  /** rules that stay and decide alike wherever this one does; for a deny that nothing is behind, those beside it */
  by: ResolvedRule[];
  /** a deny of something that nothing allows: without it the access is denied, and logged, as well */
  unallowed: boolean;
}

/**
 * Which rules decide without this one, as few as a walk from the most frequent finds.
 *
 * @param meetings all that the rule takes part in
 * @param named whether a clause may be named as a cause
 */
export function causesOf(rule: ResolvedRule, meetings: readonly Meeting[], named: (clause: Clause) => boolean): Causes {
  const items = meetings.flatMap(({ clauses }) =>
    clauses.filter(({ source }) => source === rule).flatMap((own) => bitsOf(own.permissions).map((bit) => itemOf(own, bit, clauses, named))),
  );
  // other denies say it all: no matter whether anything is allowed
  if (items.every(({ by }) => by.size > 0)) return { by: covering(items), unallowed: false };
  const needed = items.filter(({ open }) => !open);
  return { by: covering(needed.filter(({ by }) => by.size > 0)), unallowed: items.some(({ open }) => open) };
}

/** One permission at one meeting. */
interface Item {
  by: ReadonlySet<ResolvedRule>;
  /** denied aloud, and nothing allows it */
  open: boolean;
}

function itemOf(own: Clause, bit: number, clauses: readonly Clause[], named: (clause: Clause) => boolean): Item {
  const speaking = clauses.filter((clause) => clause.permissions & bit && clause.source !== own.source);
  const top = Math.max(...speaking.map(({ priority }) => priority));
  const deciding = speaking.filter((clause) => clause.priority === top && clause.priority >= own.priority && named(clause));
  const above = deciding.filter(({ priority }) => priority > own.priority);
  const denies = deciding.filter(({ mode }) => mode === "deny");
  const quiet = Boolean(own.audit & bit);
  if (own.mode === "deny") {
    const alike = above.length > 0 ? above : quiet ? denies.filter(({ audit }) => audit & bit) : denies;
    return { by: sources(alike), open: !quiet && !speaking.some(({ mode }) => mode !== "deny") };
  }
  if (above.length > 0 || denies.length > 0) return { by: sources(above.length > 0 ? above : denies), open: false };
  return { by: sources(narrowed(own, bit, deciding)), open: false };
}

/** Of the allows beside one, those that log and execute as it does, where there are any. */
function narrowed(own: Clause, bit: number, deciding: readonly Clause[]): readonly Clause[] {
  const among = (from: readonly Clause[], test: (clause: Clause) => boolean): readonly Clause[] => {
    const some = from.filter(test);
    return some.length > 0 ? some : from;
  };
  const logging = own.audit & bit ? among(deciding, ({ audit }) => Boolean(audit & bit)) : deciding;
  return own.exec === undefined ? logging : among(logging, ({ exec }) => exec === own.exec);
}

/** More rules that say the same need no mention. */
const maxSources = 50;

const sources = (clauses: readonly Clause[]): Set<ResolvedRule> =>
  new Set(clauses.slice(0, maxSources).flatMap(({ source }) => source ?? []));

/** Few rules that each item has one of. */
function covering(items: readonly Item[]): ResolvedRule[] {
  const counts = new Map<ResolvedRule, number>();
  for (const { by } of items) for (const rule of by) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const chosen = new Set<ResolvedRule>();
  let left = items.filter(({ by }) => by.size > 0);
  for (const [rule] of [...counts].sort((a, b) => b[1] - a[1])) {
    const rest = left.filter(({ by }) => !by.has(rule));
    if (rest.length === left.length) continue;
    chosen.add(rule);
    left = rest;
    if (left.length === 0) break;
  }
  return [...chosen];
}

function bitsOf(permissions: number): number[] {
  const bits: number[] = [];
  for (let rest = permissions; rest; rest &= rest - 1) bits.push(rest & -rest);
  return bits;
}
