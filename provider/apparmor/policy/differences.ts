import { automatonOf } from "./automaton.js";
import type { Clause, TableName } from "./clause.js";
import { combine, permissionMask, transitionBits } from "./effective.js";
import { outcomeOf, type Outcome } from "./mode.js";
import type { Policy, Witness } from "./types.js";

/** One string that two policies treat differently. */
export interface Difference {
  table: TableName;
  change: Witness["change"];
  /** permissions that differ in this way */
  bits: number;
  bytes: string;
  a: readonly Clause[];
  b: readonly Clause[];
}

/** Every kind of difference in a table, each rule pair behind it once; nothing when the policies are equal there. @throws LimitError */
export function* differences(a: Policy, b: Policy, table: TableName): Generator<Difference> {
  const [own, others] = [a.tables.get(table) ?? [], b.tables.get(table) ?? []];
  if (sameMode(a, b) && sameClauses(own, others)) return;
  const automaton = automatonOf(table, [...own, ...others]);
  const seen = new Set<string>();
  for (const { clauses: indices, witness } of automaton.reachable()) {
    const split = indices.findIndex((index) => index >= own.length);
    const [before, after] = split < 0 ? [indices, []] : [indices.slice(0, split), indices.slice(split)];
    const mine = before.map((index) => own[index]!);
    const theirs = after.map((index) => others[index - own.length]!);
    const found = changes(table, outcome(a, table, mine), outcome(b, table, theirs));
    if (found.length === 0) continue;
    const bytes = witness();
    for (const { change, bits } of found) {
      const key = `${change}:${bits}:${relevant(before, own, 0, bits)}:${relevant(after, others, own.length, bits)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      yield { table, change, bits, bytes, a: mine, b: theirs };
    }
  }
}

function outcome(policy: Policy, table: TableName, clauses: readonly Clause[]): Outcome {
  const effective = combine(table, clauses);
  return outcomeOf(policy.mode, effective);
}

const relevant = (indices: readonly number[], clauses: readonly Clause[], offset: number, bits: number): string =>
  indices.filter((index) => clauses[index - offset]!.permissions & bits).join();

function changes(table: TableName, a: Outcome, b: Outcome): { change: Witness["change"]; bits: number }[] {
  const mask = permissionMask(table);
  const allows = b.allowed & ~a.allowed & mask;
  const denies = a.allowed & ~b.allowed & mask;
  const same = mask & ~(allows | denies);
  const found: { change: Witness["change"]; bits: number }[] = [];
  const note = (change: Witness["change"], bits: number): void => {
    if (bits) found.push({ change, bits });
  };
  note("allows", allows);
  note("denies", denies);
  // kept apart, so that an access asks for permissions that fare alike
  const allowed = same & a.allowed;
  for (const group of [allowed, same & ~allowed]) {
    note("audit", a.logged & ~b.logged & group);
    note("audit", b.logged & ~a.logged & group);
    note("audit", (a.prompted ^ b.prompted) & group);
  }
  transitionBits(table).forEach((bit, index) => {
    if (allowed & bit && a.transitions[index] !== b.transitions[index]) note("transition", bit);
  });
  return found;
}

function sameMode(a: Policy, b: Policy): boolean {
  return a.mode.mode === b.mode.mode && a.mode.audit === b.mode.audit;
}

/** Whether two lists say the same, in whatever order: most tables of two versions do. */
function sameClauses(a: readonly Clause[], b: readonly Clause[]): boolean {
  if (a.length !== b.length) return false;
  const keys = (clauses: readonly Clause[]): string =>
    clauses
      .map(({ words, mode, priority, permissions, audit, exec = "" }) => [words.key, mode, priority, permissions, audit, exec].join("\x02"))
      .sort()
      .join("\x03");
  return keys(a) === keys(b);
}
