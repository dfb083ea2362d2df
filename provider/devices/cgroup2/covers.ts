import { commonAccess, hasAccess, requestsOf } from "./access.js";
import type { DeviceRule } from "./rule.js";

const hasNumber = (one: number | "*", other: number | "*"): boolean => one === "*" || one === other;

const hasType = (one: DeviceRule["type"], other: DeviceRule["type"]): boolean => one === "a" || one === other;

/** Whether `rule` is about all devices that `other` is about. */
export const coversDevices = (rule: DeviceRule, other: DeviceRule): boolean =>
  hasType(rule.type, other.type) && hasNumber(rule.major, other.major) && hasNumber(rule.minor, other.minor);

/** Whether `rule` alone says all that `other` does: `c 195:* rwm` covers `c 195:0 rw`. */
export const coversRule = (rule: DeviceRule, other: DeviceRule): boolean =>
  coversDevices(rule, other) && hasAccess(rule.access, other.access);

/** What both rules are about; undefined where they have nothing in common. */
export function commonRule(a: DeviceRule, b: DeviceRule): DeviceRule | undefined {
  const number = (one: number | "*", other: number | "*") => (one === "*" ? other : other === "*" || one === other ? one : undefined);
  const type = a.type === "a" ? b.type : b.type === "a" || a.type === b.type ? a.type : undefined;
  const [major, minor, access] = [number(a.major, b.major), number(a.minor, b.minor), commonAccess(a.access, b.access)];
  return type === undefined || major === undefined || minor === undefined || access === "" ? undefined : { type, major, minor, access };
}

/** Whether the rules together say all that `rule` does, for each thing that the kernel asks for at once. */
export function coveredBy(rules: readonly DeviceRule[], rule: DeviceRule): boolean {
  const types = rule.type === "a" ? (["b", "c"] as const) : [rule.type];
  return types.every((type) => requestsOf(rule.access).every((access) => rules.some((one) => coversRule(one, { ...rule, type, access }))));
}
