import { accessOf } from "./accesses.js";
import { rulesBehind } from "./automata.js";
import { tableNames, type TableName } from "./clause.js";
import { differences, type Difference } from "./differences.js";
import { describe, describeTransition } from "./message.js";
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
  for (const table of tableNames) for (const difference of differences(mediated(a, table), mediated(b, table), table)) note(witnessOf(difference));
  for (const witness of limits(a, b)) note(witness);
  const classes: Partial<Record<AccessClass, Relation>> = {};
  for (const [name, changes] of kinds) classes[name] = relationOf(changes);
  return { relation: relationOf(new Set([...kinds.values()].flatMap((changes) => [...changes]))), classes, witnesses };
}

const restricted: readonly TableName[] = ["userns", "io_uring", "change_profile"];

/** Kernels with `policy/unconfined_restrictions` ask an unconfined profile about these as well. */
function mediated(policy: Policy, table: TableName): Policy {
  const { mode } = policy.mode;
  const asks = (mode === "unconfined" || mode === "default_allow") && restricted.includes(table);
  return asks ? { ...policy, mode: { ...policy.mode, mode: "enforce" } } : policy;
}

export function relationOf(changes: ReadonlySet<Witness["change"]>): Relation {
  if (changes.size === 0) return "equal";
  if (changes.size > 1) return "both";
  return changes.has("allows") ? "wider" : changes.has("denies") ? "tighter" : "both";
}

function witnessOf({ table, change, bits, bytes, transitions, a, b }: Difference): Witness {
  // one half of the owner's and others' permissions is enough, and one kind of message
  const access = accessOf(table, bytes, singleAccess(table) ? bits & -bits : bits);
  const message = transitions ? describeTransition(access, ...transitions) : describe(change as "audit", access);
  return { class: access.class, access, change, message, a: rulesBehind(a, bits), b: rulesBehind(b, bits) };
}

/** Accesses of these tables name one permission at a time. */
const singleAccess = (table: Difference["table"]): boolean => ["signal", "ptrace", "dbus", "io_uring"].includes(table);

function* limits(a: Policy, b: Policy): Generator<Witness> {
  for (const resource of new Set([...a.rlimits.keys(), ...b.rlimits.keys()])) {
    const [before, after] = [a.rlimits.get(resource), b.rlimits.get(resource)];
    const [low, high] = [before?.value ?? Infinity, after?.value ?? Infinity];
    // `infinity` as a limit allows what no limit allows
    if (low === high) continue;
    const access = { class: "rlimit", resource, value: Number(high > low ? high : low) } as const;
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
