import type { ResolvedRule } from "../resolve/types.js";
import { accessOf } from "./accesses.js";
import { automatonOf } from "./automaton.js";
import { otherShift } from "./bits.js";
import { execBit } from "./change-profile.js";
import type { Clause, TableName } from "./clause.js";
import { execModes } from "./effective.js";
import type { Access, Policy } from "./types.js";

/** Two rules that want one exec to go on in different ways; the compiler refuses the profile. */
export interface ExecConflict {
  a: ResolvedRule;
  b: ResolvedRule;
  witness: Access;
  /** `ix and Px -> name` */
  reason: string;
}

const bits: Partial<Record<TableName, readonly number[]>> = { file: [1, 1 << otherShift], change_profile: [execBit] };

/**
 * What makes apparmor_parser say "profile has merged rule with conflicting x modifiers": exec modes that differ where
 * globs overlap, neither a plain name nor of a higher priority. Each pair of rules once.
 *
 * @throws LimitError
 */
export function execConflicts(policy: Policy): ExecConflict[] {
  return (["file", "change_profile"] as const).flatMap((table) => tableConflicts(table, policy.tables.get(table) ?? []));
}

function tableConflicts(table: TableName, all: readonly Clause[]): ExecConflict[] {
  const mask = bits[table]!.reduce((sum, bit) => sum | bit, 0);
  const clauses = all.filter(({ permissions }) => permissions & mask);
  if (new Set(clauses.flatMap(({ exec }) => exec ?? [])).size < 2) return [];
  const conflicts: ExecConflict[] = [];
  const seen = new Set<string>();
  const note = (a: Clause, b: Clause, bit: number, witness: string): void => {
    const key = `${clauses.indexOf(a)},${clauses.indexOf(b)}`;
    if (seen.has(key) || !a.source || !b.source) return;
    seen.add(key);
    const access = accessOf(table, witness, table === "file" ? bit : ~0);
    conflicts.push({ a: a.source, b: b.source, witness: access, reason: `${a.exec} and ${b.exec}` });
  };
  const automaton = automatonOf(table, clauses);
  for (const { clauses: indices, witness } of automaton.reachable()) {
    const here = indices.map((index) => clauses[index]!);
    for (const bit of bits[table]!) {
      const speaking = here.filter(({ permissions }) => permissions & bit);
      const top = Math.max(...speaking.map(({ priority }) => priority));
      const [first, ...others] = [...execModes(speaking, bit, top), ...merged(speaking, bit, top)];
      for (const other of others) if (other.exec !== first!.exec) note(first!, other, bit, witness());
    }
  }
  return conflicts;
}

/** Rules for the very same path are merged before priorities are looked at. */
function merged(clauses: readonly Clause[], bit: number, top: number): Clause[] {
  const lower = clauses.filter(({ priority, exec, permissions }) => priority < top && exec !== undefined && permissions & bit);
  const same = (a: Clause, b: Clause): boolean =>
    a.words.key === b.words.key && a.mode === b.mode && a.priority === b.priority && Boolean(a.audit) === Boolean(b.audit);
  const pair = lower.flatMap((a, index) =>
    lower
      .slice(index + 1)
      .filter((b) => same(a, b) && a.exec !== b.exec)
      .map((b) => [a, b]),
  )[0];
  return pair ?? [];
}
