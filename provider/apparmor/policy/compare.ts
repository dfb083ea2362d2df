import { accessOf } from "./accesses.js";
import { rulesBehind } from "./automata.js";
import { tableNames } from "./clause.js";
import { differences, type Difference } from "./differences.js";
import { describe } from "./message.js";
import type { AccessClass, Comparison, Policy, Relation, Witness } from "./types.js";

/** Witnesses of one class; more help nobody. */
const maxWitnesses = 20;

/**
 * How `b` differs from `a` in what it allows, logs and executes. `equal` is exact: no access is treated differently. What
 * a profile is attached to, its flags other than modes, and its children are `compareFiles`'s.
 *
 * @throws LimitError for globs whose automata grow too large
 */
export function compare(a: Policy, b: Policy): Comparison {
  const witnesses: Witness[] = [];
  const kinds = new Map<AccessClass, Set<Witness["change"]>>();
  const note = (witness: Witness): void => {
    const known = kinds.get(witness.class) ?? new Set();
    const first = !known.has(witness.change);
    kinds.set(witness.class, known.add(witness.change));
    if (first || witnesses.filter((other) => other.class === witness.class).length < maxWitnesses) witnesses.push(witness);
  };
  for (const table of tableNames) for (const difference of differences(a, b, table)) note(witnessOf(difference));
  for (const witness of limits(a, b)) note(witness);
  const classes: Partial<Record<AccessClass, Relation>> = {};
  for (const [name, changes] of kinds) classes[name] = relationOf(changes);
  return { relation: relationOf(new Set([...kinds.values()].flatMap((changes) => [...changes]))), classes, witnesses };
}

export function relationOf(changes: ReadonlySet<Witness["change"]>): Relation {
  if (changes.size === 0) return "equal";
  if (changes.size > 1) return "both";
  return changes.has("allows") ? "wider" : changes.has("denies") ? "tighter" : "both";
}

function witnessOf({ table, change, bits, bytes, a, b }: Difference): Witness {
  // one half of the owner's and others' permissions is enough, and one kind of message
  const access = accessOf(table, bytes, singleAccess(table) ? bits & -bits : bits);
  return { class: access.class, access, change, message: describe(change, access), a: rulesBehind(a, bits), b: rulesBehind(b, bits) };
}

/** Accesses of these tables name one permission at a time. */
const singleAccess = (table: Difference["table"]): boolean => ["signal", "ptrace", "dbus", "io_uring"].includes(table);

function* limits(a: Policy, b: Policy): Generator<Witness> {
  for (const resource of new Set([...a.rlimits.keys(), ...b.rlimits.keys()])) {
    const [before, after] = [a.rlimits.get(resource), b.rlimits.get(resource)];
    const [low, high] = [before?.value ?? Infinity, after?.value ?? Infinity];
    // `infinity` as a limit allows what no limit allows
    if (low === high) continue;
    const access = { class: "rlimit", resource, value: Math.max(low, high) } as const;
    const change = high > low ? "allows" : "denies";
    yield {
      class: "rlimit",
      access,
      change,
      message: describe(change, access),
      a: before ? [before.source] : [],
      b: after ? [after.source] : [],
    };
  }
}
