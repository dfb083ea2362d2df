import { buildDfa, LimitError, reachable, type Dfa } from "../glob/index.js";
import { fieldCounts, type Clause, type TableName } from "./clause.js";
import { domainsOf } from "./domains.js";
import type { Words } from "./patterns.js";

/** The automaton of some clauses of one table. */
export interface Automaton {
  /** one for each field */
  fields: readonly FieldAutomaton[];
  /** The clauses of a set that all fields have in common. */
  clausesOf(bits: Bits): number[];
  /** The clauses, by their index, that match a string; ascending. */
  match(bytes: string): number[];
  /** Every set of clauses that some string matches, those of real accesses first, with a short one; sets are ascending. */
  reachable(): Generator<{ clauses: number[]; real: boolean; witness(): string }>;
}

export interface FieldAutomaton {
  dfa: Dfa;
  /** What a state accepts. */
  acceptedBy(state: number): Bits;
}

/** A set of what clauses match, 32 to a word; the last ones are what accesses of the table can look like. */
export type Bits = Uint32Array;

/** Combinations of fields looked at. */
const maxCombinations = 3_000_000;

/**
 * Fields are matched one by one: together they would need far more states. Equal patterns share their language, so that
 * two similar profiles together cost hardly more than one.
 *
 * @param most states of each field that may be made
 * @throws LimitError
 */
export function automatonOf(table: TableName, clauses: readonly Clause[], most?: number): Automaton {
  const users = new Map<string, number[]>();
  const rules: Words[] = [];
  clauses.forEach(({ words }, index) => {
    const known = users.get(words.key);
    if (known) return void known.push(index);
    rules.push(words);
    users.set(words.key, [index]);
  });
  const words = [...rules, ...domainsOf(table)];
  const usersOf = [...users.values()];
  const count = fieldCounts[table] ?? 1;
  const fields = Array.from({ length: count }, (_, index) => fieldAutomaton(words, index, (words.length + 31) >> 5, most));
  const indices = (bits: Bits): number[] =>
    members(bits, rules.length)
      .flatMap((index) => usersOf[index]!)
      .sort((a, b) => a - b);
  return {
    fields,
    clausesOf: indices,
    match: (bytes) => {
      const parts = count === 1 ? [bytes] : bytes.split("\0");
      if (parts.length !== count) return [];
      return indices(fields.map(({ dfa, acceptedBy }, index) => acceptedBy(dfa.run(parts[index]!))).reduce(and));
    },
    *reachable() {
      const late: Combination[] = [];
      for (const combination of combinations(fields, words)) {
        if (isReal(combination.bits, rules.length, words.length)) yield { ...found(combination, indices), real: true };
        else late.push(combination);
      }
      for (const combination of late) yield { ...found(combination, indices), real: false };
    },
  };
}

interface Combination {
  bits: Bits;
  parts: (() => string)[];
}

function found({ bits, parts }: Combination, indices: (bits: Bits) => number[]): { clauses: number[]; witness(): string } {
  return { clauses: indices(bits), witness: () => parts.map((part) => part()).join("\0") };
}

/** Sets of clauses that go on field by field, each once. */
function combinations(fields: readonly FieldAutomaton[], words: readonly Words[]): Combination[] {
  let work = 0;
  let alive: Combination[] = [{ bits: new Uint32Array((words.length + 31) >> 5).fill(~0), parts: [] }];
  for (const { dfa, acceptedBy } of fields) {
    const steps = [...reachable(dfa)].map(({ state, witness }) => ({ bits: acceptedBy(state), witness }));
    const next: Combination[] = [];
    const known = new Map<number, Combination[]>();
    for (const { bits, parts } of alive) {
      if ((work += steps.length) > maxCombinations)
        throw new LimitError(words[0]!.name, `its fields and those of the other rules combine in more than ${maxCombinations} ways`);
      for (const step of steps) {
        const hash = hashOfBoth(bits, step.bits);
        if (hash === 0) continue;
        const bucket = known.get(hash);
        if (bucket?.some((other) => isBoth(other.bits, bits, step.bits))) continue;
        const combination = { bits: and(bits, step.bits), parts: [...parts, step.witness] };
        next.push(combination);
        if (bucket) bucket.push(combination);
        else known.set(hash, [combination]);
      }
    }
    alive = next;
  }
  return alive;
}

/** Of the common members; 0 when there are none. */
function hashOfBoth(a: Bits, b: Bits): number {
  let hash = 0;
  let any = 0;
  for (let index = 0; index < a.length; index++) {
    const both = a[index]! & b[index]!;
    any |= both;
    hash = (Math.imul(hash, 0x9e3779b1) + both) ^ (hash >>> 15);
  }
  return any === 0 ? 0 : hash || 1;
}

function isBoth(bits: Bits, a: Bits, b: Bits): boolean {
  for (let index = 0; index < bits.length; index++) if (bits[index] !== (a[index]! & b[index]!) >>> 0) return false;
  return true;
}

function fieldAutomaton(words: readonly Words[], field: number, size: number, most?: number): FieldAutomaton {
  const users = new Map<string, number[]>();
  const languages = words.flatMap(({ fields, name }, index) => {
    const { key, regex } = fields[field]!;
    const known = users.get(key);
    if (known) known.push(index);
    else users.set(key, [index]);
    return known ? [] : [{ key, name, regex }];
  });
  const dfa = buildDfa(languages, most);
  const cache = new Map<number, Bits>();
  const acceptedBy = (state: number): Bits => {
    const acceptance = dfa.acceptance(state);
    let bits = cache.get(acceptance);
    if (!bits) {
      bits = new Uint32Array(size);
      for (const language of dfa.accepted(acceptance))
        for (const index of users.get(languages[language]!.key)!) bits[index >> 5]! |= 1 << (index & 31);
      cache.set(acceptance, bits);
    }
    return bits;
  };
  return { dfa, acceptedBy };
}

export function and(a: Bits, b: Bits): Bits {
  const both = new Uint32Array(a.length);
  for (let index = 0; index < a.length; index++) both[index] = a[index]! & b[index]!;
  return both;
}

function members(bits: Bits, limit: number): number[] {
  const found: number[] = [];
  bits.forEach((word, index) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      const member = index * 32 + 31 - Math.clz32(rest & -rest);
      if (member < limit) found.push(member);
    }
  });
  return found;
}

function isReal(bits: Bits, from: number, to: number): boolean {
  for (let index = from; index < to; index++) if (bits[index >> 5]! & (1 << (index & 31))) return true;
  return false;
}
