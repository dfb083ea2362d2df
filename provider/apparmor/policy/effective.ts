import { linkBit, otherShift, subsetBit } from "./bits.js";
import { changeBit, execBit, onExecBit, onExecParts } from "./change-profile.js";
import type { Clause, TableName } from "./clause.js";

/** What the rules that match one string make of it together, bit by bit. */
export interface Effective {
  allowed: number;
  /** by a deny rule */
  denied: number;
  prompted: number;
  /** of `allowed`: log it */
  audited: number;
  /** of `denied`: do not log it */
  quiet: number;
  /** how an exec of the owner and of others goes on; of a link `subset` */
  transitions: readonly [string?, string?];
}

const xOwner = 1;
const xOther = 1 << otherShift;
const mOwner = 1 << 6;
const mOther = mOwner << otherShift;

/** The bits that are permissions, and those that carry a transition of the first and second kind. */
export function permissionMask(table: TableName): number {
  switch (table) {
    case "file":
      return 0x3fff;
    case "link":
      return linkBit | (linkBit << otherShift);
    case "change_profile":
      return changeBit | onExecBit;
    default:
      return 0xfff;
  }
}

/** The permission that a transition belongs to. */
export function transitionBits(table: TableName): readonly number[] {
  return table === "file" ? [xOwner, xOther] : table === "link" ? [linkBit] : table === "change_profile" ? [onExecBit] : [];
}

/**
 * The highest priority that speaks of a permission decides; there deny beats allow, and allow beats prompt. Audit is by
 * permission. Exec modes of plain names beat those of globs.
 */
export function combine(table: TableName, clauses: readonly Clause[]): Effective {
  const top = new Map<number, number>();
  const raise = (bits: number, priority: number): void => {
    for (let rest = bits; rest; rest &= rest - 1) {
      const bit = rest & -rest;
      if (priority > (top.get(bit) ?? -Infinity)) top.set(bit, priority);
    }
  };
  const files = table === "file";
  if (files) for (const clause of clauses) raise(clause.permissions & (xOwner | xOther), clause.priority);
  // what ix maps goes with its x: where another rule decides on x, it grants no m
  const bitsOf = (clause: Clause): number => (files ? clause.permissions & ~overruled(clause, top) : clause.permissions);
  for (const clause of clauses) raise(bitsOf(clause), clause.priority);

  const result = { allowed: 0, denied: 0, prompted: 0, audited: 0, quiet: 0 };
  for (const clause of clauses) {
    let bits = 0;
    for (let rest = bitsOf(clause); rest; rest &= rest - 1) {
      const bit = rest & -rest;
      if (top.get(bit) === clause.priority) bits |= bit;
    }
    if (clause.mode === "deny") {
      result.denied |= bits;
      result.quiet |= bits & clause.audit;
    } else if (clause.mode === "allow") {
      result.allowed |= bits;
      result.audited |= bits & clause.audit;
    } else result.prompted |= bits;
  }
  result.allowed &= ~result.denied;
  if (table === "change_profile") {
    if ((result.allowed & onExecParts) === onExecParts) result.allowed |= onExecBit;
    if (result.denied & onExecParts) result.denied |= onExecBit;
  }
  result.prompted &= ~(result.denied | result.allowed);
  result.audited &= result.allowed;
  return { ...result, transitions: transitionsOf(table, clauses, top, result.allowed) };
}

function overruled(clause: Clause, top: ReadonlyMap<number, number>): number {
  if (!clause.exec || !/i/.test(clause.exec.split(" ", 1)[0]!)) return 0;
  const behind = (x: number): boolean => Boolean(clause.permissions & x) && clause.priority < top.get(x)!;
  return (behind(xOwner) ? mOwner : 0) | (behind(xOther) ? mOther : 0);
}

function transitionsOf(
  table: TableName,
  clauses: readonly Clause[],
  top: ReadonlyMap<number, number>,
  allowed: number,
): [string?, string?] {
  if (table === "link") return [allowed & linkBit && allowed & subsetBit ? "subset" : undefined];
  const bits = table === "file" ? [xOwner, xOther] : table === "change_profile" ? [execBit] : [];
  return bits.map((bit) => (allowed & bit ? execModes(clauses, bit, top.get(bit)!)[0]?.exec : undefined)) as [string?, string?];
}

/** The allowing clauses whose exec mode counts: those of plain names, else those of globs. */
export function execModes(clauses: readonly Clause[], bit: number, priority: number): Clause[] {
  const allowing = clauses.filter(
    (clause) => clause.mode === "allow" && clause.permissions & bit && clause.priority === priority && clause.exec !== undefined,
  );
  const exact = allowing.filter((clause) => clause.exact);
  return exact.length > 0 ? exact : allowing;
}
