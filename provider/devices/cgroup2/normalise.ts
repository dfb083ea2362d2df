import { normalAccess, requestsOf } from "./access.js";
import { coversRule } from "./covers.js";
import { printDeviceRule, type DeviceRule } from "./rule.js";

/** A rule for one type and for one thing that the kernel asks for at once; `global` is gone. */
const partsOf = ({ type, major, minor, access }: DeviceRule): DeviceRule[] =>
  (type === "a" ? (["b", "c"] as const) : [type]).flatMap((one) =>
    requestsOf(access).map((request) => ({ type: one, major, minor, access: request })),
  );

/** The parts that no other covers: two sets of rules mean the same if, and only if, these are the same. */
function essence(rules: readonly DeviceRule[]): DeviceRule[] {
  const parts = new Map(rules.flatMap(partsOf).map((part) => [printDeviceRule(part), part]));
  const all = [...parts.values()];
  return all.filter((part) => !all.some((other) => other !== part && coversRule(other, part))).toSorted(inOrder);
}

const rank = (number: number | "*"): number => (number === "*" ? -1 : number);

/** Block devices first, wildcards before numbers. */
const inOrder = (a: DeviceRule, b: DeviceRule): number =>
  a.type.localeCompare(b.type) || rank(a.major) - rank(b.major) || rank(a.minor) - rank(b.minor) || b.access.localeCompare(a.access);

/**
 * The fewest rules that mean the same as all of them together (allowed together, or denied together), sorted: what
 * another rule covers is gone, rules for the same device are one where the kernel makes no difference.
 *
 * `r` and `w` stay apart: together they don't let a device be opened for reading and writing, as `rw` does. `m` is asked
 * for by itself, so it goes with either.
 */
export function normaliseRules(rules: readonly DeviceRule[]): DeviceRule[] {
  const merged: DeviceRule[] = [];
  for (const part of essence(rules)) {
    const same = merged.find((one) => one.type === part.type && one.major === part.major && one.minor === part.minor && canJoin(one, part));
    if (same) same.access = normalAccess(same.access + part.access);
    else merged.push({ ...part });
  }
  return merged;
}

const canJoin = (one: DeviceRule, part: DeviceRule): boolean => part.access === "m" || one.access === "m";

/** All that either list says, in the fewest rules. */
export const union = (one: readonly DeviceRule[], two: readonly DeviceRule[]): DeviceRule[] => normaliseRules([...one, ...two]);

/** Whether two sets of rules mean the same. */
export const sameRules = (one: readonly DeviceRule[], two: readonly DeviceRule[]): boolean => {
  const print = (rules: readonly DeviceRule[]) => normaliseRules(rules).map(printDeviceRule).join("\n");
  return print(one) === print(two);
};
