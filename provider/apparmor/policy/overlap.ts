import { buildDfa, dead, type Dfa } from "../glob/index.js";
import { accessOf } from "./accesses.js";
import { ownAutomaton, rulesBehind } from "./automata.js";
import { and, type Bits } from "./automaton.js";
import { bitsOf, bothHalves, fileBits } from "./bits.js";
import type { TableName } from "./clause.js";
import { combine } from "./effective.js";
import { outcomeOf } from "./mode.js";
import { patternsOf } from "./patterns.js";
import type { Access, Policy } from "./types.js";
import type { ResolvedRule } from "../resolve/types.js";

/** The classes whose accesses have one name that a glob can speak of. */
export type NamedClass = "file" | "capability" | "umount" | "ptrace" | "change_profile";

export interface Overlap {
  access: Access;
  /** the rules that decide there */
  rules: ResolvedRule[];
}

/**
 * Something that the glob matches and the profile allows, after denies; undefined when there is nothing.
 *
 * @param permissions any of these: letters of file rules (`rwalkmx` without `l`), accesses of ptrace rules, else ignored
 * @param glob of paths, capabilities, labels or target profiles; variables of the profile are known
 * @throws GlobError, LimitError
 */
export function overlap(policy: Policy, name: NamedClass, permissions: string, glob: string): Overlap | undefined {
  return find(policy, name, permissions, glob, (allowed, bits) => allowed & bits);
}

/** Something that the glob matches and where the profile does not allow all of the permissions; undefined when it always does. */
export function exception(policy: Policy, name: NamedClass, permissions: string, glob: string): Overlap | undefined {
  return find(policy, name, permissions, glob, (allowed, bits) => ~allowed & bits);
}

function find(
  policy: Policy,
  name: NamedClass,
  permissions: string,
  glob: string,
  matter: (allowed: number, bits: number) => number,
): Overlap | undefined {
  const table: TableName = name;
  const patterns = patternsOf(policy.profile.variables);
  const pattern = name === "file" || name === "umount" ? patterns.path(glob) : patterns.name(glob);
  const wanted = buildDfa([{ key: glob, name: glob, regex: pattern.regex }]);
  const clauses = policy.tables.get(table) ?? [];
  const { fields, clausesOf } = ownAutomaton(policy, table);
  // a change of profile at once has an empty exec before its target
  const [before, own] = fields.length === 2 ? [fields[0]!, fields[1]!] : [undefined, fields[0]!];
  const among = (bits: Bits): Bits => (before ? and(bits, before.acceptedBy(0)) : bits);
  const bits = permissionsOf(name, permissions);
  for (const { state, bytes } of common(own.dfa, wanted)) {
    const here = clausesOf(among(own.acceptedBy(state))).map((index) => clauses[index]!);
    const found = matter(outcomeOf(policy.mode, combine(table, here), table).allowed, bits);
    if (found)
      return {
        access: accessOf(table, before ? `\0${bytes}` : bytes, name === "ptrace" ? found & -found : found),
        rules: rulesBehind(here, found),
      };
  }
  return undefined;
}

function permissionsOf(name: NamedClass, permissions: string): number {
  if (name === "file") return bothHalves([...permissions].reduce((sum, letter) => sum | (letter === "l" ? 0 : (fileBits[letter] ?? 0)), 0));
  return name === "ptrace" ? bitsOf("ptrace", permissions === "" ? [] : permissions.split(/[ ,]+/)) : 1;
}

/** The states of `all` that strings of `wanted` lead to, each once with a string; `dead` where no rule matches. */
function* common(all: Dfa, wanted: Dfa): Generator<{ state: number; bytes: string }> {
  const edges = byteEdges(all, wanted);
  const queue = [{ state: 0, other: 0, bytes: "" }];
  const seen = new Set(["0,0"]);
  const reported = new Set<number>();
  for (const { state, other, bytes } of queue) {
    if (wanted.acceptance(other) !== 0 && !reported.has(state)) {
      reported.add(state);
      yield { state, bytes };
    }
    const [mine, theirs] = [state === dead ? undefined : all.transitions(state), wanted.transitions(other)];
    for (const { byte, cls, otherClass } of edges) {
      const [next, nextOther] = [mine ? mine[cls]! : dead, theirs[otherClass]!];
      if (nextOther === dead || seen.has(`${next},${nextOther}`)) continue;
      seen.add(`${next},${nextOther}`);
      queue.push({ state: next, other: nextOther, bytes: bytes + byte });
    }
  }
}

/** One byte for each pair of classes, letters first. */
function byteEdges(all: Dfa, wanted: Dfa): { byte: string; cls: number; otherClass: number }[] {
  const order = [
    ...Array.from({ length: 26 }, (_, index) => 97 + index),
    ...Array.from({ length: 95 }, (_, index) => 32 + index),
    ...Array.from({ length: 256 }, (_, index) => index),
  ];
  const edges = new Map<string, { byte: string; cls: number; otherClass: number }>();
  for (const byte of order) {
    const [cls, otherClass] = [all.classes.of[byte]!, wanted.classes.of[byte]!];
    const key = `${cls},${otherClass}`;
    if (!edges.has(key)) edges.set(key, { byte: String.fromCharCode(byte), cls, otherClass });
  }
  return [...edges.values()];
}
