import { classesOf, type ByteClasses } from "./classes.js";
import { LimitError } from "./error.js";
import { accept, buildNfa, split, type Language, type Nfa } from "./nfa.js";

/** A deterministic automaton whose states are made when they are first reached. State 0 is the start. */
export interface Dfa {
  readonly classes: ByteClasses;
  readonly languages: readonly Language[];
  /** The state behind every byte class of a state; `dead` where no language goes on. @throws LimitError */
  transitions(state: number): Int32Array;
  /** The state that a string leads to, or `dead`. */
  run(bytes: string): number;
  /** Which languages a state accepts, as the index of a set that `accepted` gives; 0 is none. */
  acceptance(state: number): number;
  /** The languages of an acceptance, ascending. */
  accepted(acceptance: number): readonly number[];
  readonly size: number;
}

export const dead = -1;

/** Ten times what any profile of Debian has; a second or so. */
export const maxStates = 100_000;
/** Positions followed while making states: what evil globs cost. */
const maxWork = 30_000_000;

/**
 * @param most states that may be made
 * @throws LimitError
 */
export function buildDfa(languages: readonly Language[], most = maxStates): Dfa {
  const nfa = buildNfa(languages);
  const classes = classesOf(nfa.sets);
  const count = classes.members.length;
  const wide = classes.ofSet.map((ofSet) => ofSet.length > count / 2);
  const inWide = classes.ofSet.map((ofSet, index) => (wide[index] ? membership(ofSet, count) : undefined));
  const closure = closuresOf(nfa);

  const positions: Int32Array[] = [];
  const table: (Int32Array | undefined)[] = [];
  const acceptances: number[] = [];
  const states = new Map<number, number[]>();
  const accepts: number[][] = [[]];
  const acceptIds = new Map<string, number>([["", 0]]);
  const seen = new Int32Array(nfa.op.length);
  let stamp = 0;
  let work = 0;

  const limit = (at: Int32Array, what: string): LimitError => new LimitError(costliest(nfa, at), `its automaton ${what}`);

  const union = (from: readonly number[]): number => {
    stamp++;
    const merged: number[] = [];
    for (const pc of from) {
      const targets = closure(pc);
      work += targets.length + 1;
      for (const target of targets) {
        if (seen[target] !== stamp) {
          seen[target] = stamp;
          merged.push(target);
        }
      }
    }
    return stateOf(merged);
  };

  const tails = tailsOf(nfa);
  /** Behind a tail that takes whatever comes, a language accepts for ever: its other positions add nothing. */
  const essential = (pcs: number[]): number[] => {
    let settled: Set<number> | undefined;
    for (const pc of pcs) if (tails.has(pc)) (settled ??= new Set()).add(nfa.owner[pc]!);
    return settled ? pcs.filter((pc) => tails.has(pc) || nfa.op[pc] === accept || !settled.has(nfa.owner[pc]!)) : pcs;
  };

  const stateOf = (unsorted: number[]): number => {
    if (unsorted.length === 0) return dead;
    const sorted = Int32Array.from(essential(unsorted)).sort();
    let hash = 17;
    for (const pc of sorted) hash = (Math.imul(hash, 31) + pc) | 0;
    const bucket = states.get(hash) ?? [];
    const known = bucket.find((state) => same(positions[state]!, sorted));
    if (known !== undefined) return known;
    if (positions.length >= most) throw limit(sorted, `has more than ${most} states`);
    const state = positions.push(sorted) - 1;
    bucket.push(state);
    states.set(hash, bucket);
    const languages: number[] = [];
    for (const pc of sorted) if (nfa.op[pc] === accept) languages.push(nfa.next[pc]!);
    languages.sort((a, b) => a - b);
    const key = languages.join();
    let id = acceptIds.get(key);
    if (id === undefined) acceptIds.set(key, (id = accepts.push(languages) - 1));
    acceptances.push(id);
    return state;
  };

  const transitions = (state: number): Int32Array => {
    const known = table[state];
    if (known) return known;
    const at = positions[state]!;
    const narrow: (number[] | undefined)[] = new Array(count);
    const broad = new Map<number, number[]>();
    for (const pc of at) {
      const set = nfa.op[pc]!;
      if (set === accept) continue;
      if (wide[set]) push(broad, set, pc);
      else for (const cls of classes.ofSet[set]!) (narrow[cls] ??= []).push(nfa.next[pc]!);
    }
    const result = new Int32Array(count).fill(dead);
    const targets = new Map<string, number>();
    for (let cls = 0; cls < count; cls++) {
      const own = narrow[cls];
      if (!own && broad.size === 0) continue;
      let key = "";
      for (const set of broad.keys()) if (inWide[set]![cls]) key += `${set},`;
      if (own) key += `|${own.length === 1 ? own[0] : own.join()}`;
      let target = targets.get(key);
      if (target === undefined) {
        const from = own ? [...own] : [];
        for (const [set, pcs] of broad) if (inWide[set]![cls]) for (const pc of pcs) from.push(nfa.next[pc]!);
        target = union(from);
        targets.set(key, target);
        if (work > maxWork) throw limit(at, "takes too long to make");
      }
      result[cls] = target;
    }
    return (table[state] = result);
  };

  union(nfa.starts);
  if (positions.length === 0) stateOf([nfa.op.length]);

  return {
    classes,
    languages,
    transitions,
    run: (bytes) => {
      let state = 0;
      for (let at = 0; at < bytes.length && state !== dead; at++) state = transitions(state)[classes.of[bytes.charCodeAt(at)]!]!;
      return state;
    },
    acceptance: (state) => (state === dead ? 0 : acceptances[state]!),
    accepted: (acceptance) => accepts[acceptance]!,
    get size() {
      return positions.length;
    },
  };
}

/** Where one gets without reading a byte, worked out once for each instruction. */
function closuresOf(nfa: Nfa): (pc: number) => readonly number[] {
  const known: (readonly number[] | undefined)[] = new Array(nfa.op.length);
  return (pc) => {
    const done = known[pc];
    if (done) return done;
    const found: number[] = [];
    const visited = new Set<number>();
    const todo = [pc];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      if (visited.has(at)) continue;
      visited.add(at);
      if (nfa.op[at] === split) todo.push(nfa.next[at]!, nfa.other[at]!);
      else found.push(at);
    }
    return (known[pc] = found);
  };
}

/**
 * Loops at the end of a language that read every byte which the language reads anywhere. Byte 0, which `[^a]` reads too,
 * counts only where it stands between fields: elsewhere no string has it.
 */
function tailsOf(nfa: Nfa): Set<number> {
  const between = nfa.sets.includes("\0");
  const sizeOf = (set: string): number => set.length - (!between && set.startsWith("\0") ? 1 : 0);
  const read = nfa.languages.map(() => new Set<string>());
  nfa.op.forEach((set, pc) => {
    if (set >= 0) read[nfa.owner[pc]!]!.add(nfa.sets[set]!);
  });
  const bytes = read.map((sets) => sizeOf([...new Set([...sets].join(""))].sort().join("")));
  const tails = new Set<number>();
  nfa.op.forEach((set, pc) => {
    if (set < 0 || sizeOf(nfa.sets[set]!) !== bytes[nfa.owner[pc]!]) return;
    const loop = nfa.next[pc]!;
    if (nfa.op[loop] === split && nfa.next[loop] === pc && nfa.op[nfa.other[loop]!] === accept) tails.add(pc);
  });
  return tails;
}

function membership(members: readonly number[], count: number): Uint8Array {
  const bits = new Uint8Array(count);
  for (const member of members) bits[member] = 1;
  return bits;
}

function push(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function same(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** The language that has most positions in a state. */
function costliest(nfa: Nfa, at: Int32Array): string {
  const counts = new Map<number, number>();
  for (const pc of at) counts.set(nfa.owner[pc]!, (counts.get(nfa.owner[pc]!) ?? 0) + 1);
  const [language] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  return nfa.languages[language]!.name;
}
