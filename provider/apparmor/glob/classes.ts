import type { ByteSet } from "./regex.js";

/** Bytes that no set tells apart. */
export interface ByteClasses {
  /** the class of each byte */
  readonly of: Uint8Array;
  /** the bytes of each class, ascending */
  readonly members: readonly (readonly number[])[];
  /** the classes that each set is made of */
  readonly ofSet: readonly (readonly number[])[];
}

export function classesOf(sets: readonly ByteSet[]): ByteClasses {
  const of = new Uint8Array(256);
  const sizes = new Int32Array(256);
  sizes[0] = 256;
  let count = 1;
  for (const set of sets) count = refine(of, sizes, count, set);
  const members: number[][] = Array.from({ length: count }, () => []);
  of.forEach((cls, byte) => members[cls]!.push(byte));
  return { of, members, ofSet: sets.map((set) => classesIn(of, set)) };
}

/** Parts every class that a set has only some bytes of. */
function refine(of: Uint8Array, sizes: Int32Array, count: number, set: ByteSet): number {
  let classes = count;
  const inside = new Int32Array(count);
  for (let at = 0; at < set.length; at++) inside[of[set.charCodeAt(at)]!]!++;
  const moved = new Int32Array(count).fill(-1);
  for (let at = 0; at < set.length; at++) {
    const byte = set.charCodeAt(at);
    const old = of[byte]!;
    if (inside[old] === sizes[old]! && moved[old] === -1) continue;
    if (moved[old] === -1) moved[old] = classes++;
    of[byte] = moved[old]!;
    sizes[old]!--;
    sizes[of[byte]!]!++;
  }
  return classes;
}

function classesIn(of: Uint8Array, set: ByteSet): number[] {
  const found = new Set<number>();
  for (let at = 0; at < set.length; at++) found.add(of[set.charCodeAt(at)]!);
  return [...found];
}
