import { LimitError } from "../glob/index.js";
import { lookUp } from "./automata.js";
import { automatonOf } from "./automaton.js";
import type { Clause, TableName } from "./clause.js";
import { combine, permissionMask, transitionBits } from "./effective.js";
import { grouped } from "./grouped.js";
import { outcomeOf, type Outcome } from "./mode.js";
import { readableForms } from "./readable.js";
import type { Policy, Witness } from "./types.js";

/** One string that two policies treat differently. */
export interface Difference {
  table: TableName;
  change: Witness["change"];
  /** permissions that differ in this way */
  bits: number;
  bytes: string;
  /** of the change `transition`: in a, and in b */
  transitions?: readonly [string | undefined, string | undefined];
  a: readonly Clause[];
  b: readonly Clause[];
}

/** States to tell every rule from the others: twice what any profile of Debian needs. */
const rulesApart = 20_000;

/** Every kind of difference in a table, each rule pair behind it once; nothing when the policies are equal there. @throws LimitError */
export function* differences(a: Policy, b: Policy, table: TableName): Generator<Difference> {
  const [own, others] = [a.tables.get(table) ?? [], b.tables.get(table) ?? []];
  if (sameMode(a, b) && sameClauses(own, others)) return;
  try {
    // to the end, as half of them would be no answer
    yield* [...between(a, b, table, own, others, rulesApart)];
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    const groups = grouped(own, others);
    for (const difference of between(a, b, table, groups.own, groups.others)) {
      const [mine, theirs] = [a, b].map((policy) => lookUp(policy, table, difference.bytes).clauses) as [Clause[], Clause[]];
      yield { ...difference, a: mine, b: theirs };
    }
  }
}

function* between(a: Policy, b: Policy, table: TableName, own: readonly Clause[], others: readonly Clause[], most?: number): Generator<Difference> {
  const automaton = automatonOf(table, [...own, ...others], most);
  const seen = new Set<string>();
  const at = (indices: readonly number[]): Met => {
    const split = indices.findIndex((index) => index >= own.length);
    const [before, after] = split < 0 ? [indices, []] : [indices.slice(0, split), indices.slice(split)];
    const mine = before.map((index) => own[index]!);
    const theirs = after.map((index) => others[index - own.length]!);
    return { before, after, a: mine, b: theirs, found: changes(table, outcome(a, table, mine), outcome(b, table, theirs)) };
  };
  const alike = sameMode(a, b);
  for (const { clauses: indices, real, witness } of automaton.reachable()) {
    // what no access looks like tells rules apart, not modes
    if (!real && !alike) continue;
    const met = at(indices);
    if (met.found.length === 0) continue;
    const bytes = witness();
    for (const { change, bits, transitions } of met.found) {
      const key = `${change}:${bits}:${relevant(met.before, own, 0, bits)}:${relevant(met.after, others, own.length, bits)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const same = ({ found }: Met): boolean =>
        found.some((other) => other.change === change && other.bits === bits && other.transitions?.join() === transitions?.join());
      const readable = first(readableForms(table, bytes), (form) => same(at(automaton.match(form))));
      const { a: mine, b: theirs } = readable === undefined ? met : at(automaton.match(readable));
      yield { table, change, bits, bytes: readable ?? bytes, ...(transitions && { transitions }), a: mine, b: theirs };
    }
  }
}

/** The clauses of both sides at one string, by their place in the automaton and themselves, and how the sides differ there. */
interface Met {
  before: readonly number[];
  after: readonly number[];
  a: readonly Clause[];
  b: readonly Clause[];
  found: readonly Change[];
}

type Change = Pick<Difference, "change" | "bits" | "transitions">;

function first<T>(values: Iterable<T>, test: (value: T) => boolean): T | undefined {
  for (const value of values) if (test(value)) return value;
  return undefined;
}

function outcome(policy: Policy, table: TableName, clauses: readonly Clause[]): Outcome {
  const effective = combine(table, clauses);
  return outcomeOf(policy.mode, effective, table);
}

const relevant = (indices: readonly number[], clauses: readonly Clause[], offset: number, bits: number): string =>
  indices.filter((index) => clauses[index - offset]!.permissions & bits).join();

function changes(table: TableName, a: Outcome, b: Outcome): Change[] {
  const mask = permissionMask(table);
  const allows = b.allowed & ~a.allowed & mask;
  const denies = a.allowed & ~b.allowed & mask;
  const same = mask & ~(allows | denies);
  const found: Change[] = [];
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
    note("audit", ((a.prompted ^ b.prompted) | ((a.complained ^ b.complained) & ~(a.logged ^ b.logged))) & group);
  }
  transitionBits(table).forEach((bit, index) => {
    const transitions = [a.transitions[index], b.transitions[index]] as const;
    if (allowed & bit && transitions[0] !== transitions[1]) found.push({ change: "transition", bits: bit, transitions });
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
