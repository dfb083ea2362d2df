import { accessNamesOf, linkBit, otherShift, subsetBit } from "./bits.js";
import { changeBit, execBit, onExecBit, onExecParts } from "./change-profile.js";
import type { Clause, TableName } from "./clause.js";

/** What the rules that match one string make of it together, bit by bit. */
export interface Effective {
  allowed: number;
  /** by a deny rule */
  denied: number;
  /** somebody is asked; of `allowed`: the compiler may as well have left it out, see {@link mappings} */
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
      return 2 ** (accessNamesOf[table]?.length ?? 1) - 1;
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
  for (const clause of clauses) raise(clause.permissions, clause.priority);

  const result = { allowed: 0, denied: 0, prompted: 0, audited: 0, quiet: 0 };
  for (const clause of clauses) {
    let bits = 0;
    for (let rest = clause.permissions; rest; rest &= rest - 1) {
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
  const { possible, certain } = table === "file" ? mappings(clauses) : { possible: 0, certain: 0 };
  result.allowed |= possible;
  result.denied &= ~possible;
  result.quiet &= ~possible;
  if (table === "change_profile") {
    if ((result.allowed & onExecParts) === onExecParts) result.allowed |= onExecBit;
    if (result.denied & onExecParts) result.denied |= onExecBit;
  }
  result.prompted &= ~(result.denied | result.allowed);
  result.prompted |= possible & ~certain;
  result.audited &= result.allowed;
  return { ...result, transitions: transitionsOf(table, clauses, top, result.allowed) };
}

/**
 * What `ix` maps. The compiler grants its m together with its x, without a look at what other rules say of m, and takes
 * rules in an order that depends on where they lie in memory. A denial of m alone, and another rule for x, therefore count
 * or don't: m is `possible` if some order grants it, `certain` if all do.
 */
function mappings(clauses: readonly Clause[]): { possible: number; certain: number } {
  const result = { possible: 0, certain: 0 };
  if (!clauses.some(maps)) return result;
  for (const [x, m] of halves) {
    const inheriting = clauses.filter((clause) => maps(clause) && clause.permissions & x);
    if (inheriting.length === 0) continue;
    const speaking = clauses.filter(({ permissions }) => permissions & m);
    const refusing = speaking.filter(({ mode }) => mode !== "allow");
    // a denial of x as well is the one that holds
    const [firm, others] = [
      refusing.filter(({ permissions }) => permissions & x),
      speaking.filter((clause) => !refusing.includes(clause) || !(clause.permissions & x)),
    ];
    if (topOf(others) <= topOf(firm)) continue;
    result.possible |= m;
    const executing = clauses.filter(({ permissions }) => permissions & x);
    const rivals = executing.filter((clause) => !maps(clause));
    const deciding = inheriting.filter(
      ({ priority, exact }) =>
        priority === topOf(executing) && (exact || !rivals.some((rival) => rival.exact && rival.priority === priority)),
    );
    const granting = [...deciding, ...speaking.filter((clause) => clause.mode === "allow" && !maps(clause))];
    const level = rivals.some(({ priority }) => inheriting.some((clause) => clause.priority === priority));
    if (granting.length > 0 && (refusing.length === 0 || (!level && topOf(refusing) < topOf(granting)))) result.certain |= m;
  }
  return result;
}

const halves = [
  [xOwner, mOwner],
  [xOther, mOther],
] as const;

const maps = ({ mode, exec }: Clause): boolean => mode === "allow" && exec !== undefined && exec.split(" ", 1)[0]!.includes("i");

const topOf = (clauses: readonly Clause[]): number => clauses.reduce((top, { priority }) => Math.max(top, priority), -Infinity);

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
