import type { RlimitRule } from "../ast.js";
import { rlimits, sizeUnits, timeUnits, type Rlimit, type RlimitValue } from "../names/index.js";
import type { ResolvedRule } from "../resolve/types.js";

export interface Limit {
  /** bytes, seconds (cpu), microseconds (rttime), a number; nice as compiled, 20 more than written; Infinity. A bigint from 2^53 on */
  value: number | bigint;
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

/** In 64 bits, as the compiler counts: amounts end at 2^63 - 1, and what a unit makes of them begins again at 0. */
function valueOf({ resource, value, unit }: RlimitRule): number | bigint {
  if (value.value === "infinity") return Infinity;
  const amount = amountOf(value.value);
  const kind = Object.hasOwn(rlimits, resource.value) ? rlimits[resource.value as Rlimit] : "number";
  return narrow(BigInt.asUintN(64, scaled(kind, amount, unit?.value)));
}

function scaled(kind: RlimitValue, amount: bigint, unit: string | undefined): bigint {
  switch (kind) {
    case "size":
      return amount * BigInt(sizeUnits[unit as keyof typeof sizeUnits] ?? 1);
    case "time":
      return unit ? BigInt.asUintN(64, amount * microseconds(unit)) / BigInt(timeUnits.s) : amount;
    case "microseconds":
      return unit ? amount * microseconds(unit) : amount;
    case "nice":
      return amount + 20n;
    default:
      return amount;
  }
}

/** A leading 0 is octal, and ends at the first digit that is not. */
function amountOf(text: string): bigint {
  const [, sign, hex, octal, decimal] = /^(-?)(?:0x([0-9a-f]+)|0([0-7]*)|([0-9]+))/i.exec(text) ?? [];
  const size = BigInt(hex ? `0x${hex}` : octal ? `0o${octal}` : (decimal ?? 0));
  const most = 2n ** 63n - 1n;
  const capped = size > most ? most : size;
  return sign ? -capped : capped;
}

const narrow = (value: bigint): number | bigint => (value <= Number.MAX_SAFE_INTEGER ? Number(value) : value);

const microseconds = (unit: string): bigint => BigInt(timeUnits[unit as keyof typeof timeUnits] ?? 1);
