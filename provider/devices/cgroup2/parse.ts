import { normalAccess } from "./access.js";
import { readNumber } from "./numbers.js";
import { globalRule, maxNumber, type DeviceRule } from "./rule.js";

const form = "must be `a` or <a|b|c> <major>:<minor> <rwm>, such as `c 195:* rwm`";

/** Reads a rule, `a` with numbers too: it means block and character devices alike. A string says what is wrong. */
export function readDeviceRule(text: string): DeviceRule | string {
  if (/^\s*a\s*$/.test(text)) return { ...globalRule };
  const match = /^\s*([abc])\s+(\d+|\*):(\d+|\*)\s+([rwm]{1,3})\s*$/.exec(text);
  if (!match) return `${form}; got \`${text}\``;
  const [, type, ...rest] = match as unknown as [string, DeviceRule["type"], string, string, string];
  const [major, minor] = rest.map(readNumber);
  if (major === undefined || minor === undefined)
    return "has a number that LXC reads as octal, with digits that octal numbers do not have: leave the zero out";
  if ([major, minor].some((number) => number !== "*" && number > maxNumber)) return `has a number beyond ${maxNumber}`;
  return { type, major, minor, access: normalAccess(rest[2]) };
}

/** Reads a rule such as `c 195:* rwm`, as one can declare it; a string says what is wrong. */
export function parseDeviceRule(text: string): DeviceRule | string {
  const rule = readDeviceRule(text);
  // LXC takes `a` with numbers for one more rule: it looks like the one that resets the list, and doesn't reset it
  if (typeof rule !== "string" && rule.type === "a" && !rule.global) return "must be `a` alone to stand for all devices";
  return rule;
}
