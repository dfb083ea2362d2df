import type { RlimitRule } from "../ast.js";
import { rlimits, sizeUnits, timeUnits, type Rlimit } from "../names/index.js";
import type { ResolvedRule } from "../resolve/types.js";

export interface Limit {
  /** bytes, seconds (cpu), microseconds (rttime), a number; nice from 0 (19) to 40 (-20) as the kernel counts; Infinity */
  value: number;
  source: ResolvedRule;
}

/** The limits that a profile sets, by resource; the last rule for one wins. */
export function rlimitsOf(rules: readonly ResolvedRule[]): Map<string, Limit> {
  const limits = new Map<string, Limit>();
  for (const source of rules) {
    if (source.rule.kind === "rlimit") limits.set(resourceOf(source.rule), { value: valueOf(source.rule), source });
  }
  return limits;
}

const resourceOf = ({ resource }: RlimitRule): string => (resource.value === "ofile" ? "nofile" : resource.value);

function valueOf({ resource, value, unit }: RlimitRule): number {
  if (value.value === "infinity") return Infinity;
  const amount = parseInt(value.value, /^-?0x/i.test(value.value) ? 16 : /^-?0[0-7]/.test(value.value) ? 8 : 10);
  const kind = Object.hasOwn(rlimits, resource.value) ? rlimits[resource.value as Rlimit] : "number";
  switch (kind) {
    case "size":
      return amount * (unit ? (sizeUnits[unit.value as keyof typeof sizeUnits] ?? 1) : 1);
    case "time":
      return unit ? Math.floor((amount * microseconds(unit.value)) / timeUnits.s) : amount;
    case "microseconds":
      return unit ? amount * microseconds(unit.value) : amount;
    case "nice":
      return amount + 20;
    default:
      return amount;
  }
}

const microseconds = (unit: string): number => timeUnits[unit as keyof typeof timeUnits] ?? 1;
