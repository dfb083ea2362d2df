import { normalAccess } from "./access.js";
import { readNumber } from "./numbers.js";
import { globalRule, type DeviceRule } from "./rule.js";

/** One line of the configuration: `lxc.cgroup2.devices.<action>: <value>`. */
export interface DeviceLine {
  action: "allow" | "deny";
  value: string;
}

/** What LXC makes of a line's value. */
export type LxcReading =
  | { kind: "clear" } // no value: LXC forgets the lines of the same action before it
  | { kind: "rule"; rule: DeviceRule; written: string } // with its access letters as they are written
  | { kind: "path"; path: string; written: string } // a node, whose numbers LXC looks up at the start
  | { kind: "refused"; why: string }; // the container would not start

const refused = (why: string): LxcReading => ({ kind: "refused", why });

/**
 * Reads a line's value exactly as LXC does (6.0, `cgfsng.c`, `device_cgroup_rule_parse` and `_parse_devpath`): fields are
 * one blank apart, letters of access may repeat, what follows the third is passed over. Blanks around the value are
 * gone by then.
 */
export function readDeviceLine({ action, value }: DeviceLine): LxcReading {
  const text = value.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "");
  if (text === "") return { kind: "clear" };
  if (text === "a") return { kind: "rule", rule: { ...globalRule }, written: "" };
  if (text.startsWith("/")) return action === "allow" ? readPath(text) : refused(`\`${text}\`: LXC takes paths in allow only`);
  const match = /^([abc])[ \t\n\v\f\r](\d+|\*):(\d+|\*)[ \t\n\v\f\r](.*)$/s.exec(text);
  if (!match) return refused(`\`${text}\` is no rule: write <a|b|c> <major>:<minor> <rwm>, one blank apart`);
  const [, type, majorText, minorText, access] = match as unknown as [string, DeviceRule["type"], string, string, string];
  const [major, minor] = [readNumber(majorText), readNumber(minorText)];
  // `int`
  const fits = (number: number | "*" | undefined) => number === "*" || (number !== undefined && number <= 0x7fffffff);
  if (!fits(major) || !fits(minor)) return refused(`\`${text}\`: LXC can't read one of the numbers`);
  const written = readAccess(access);
  if (written === undefined) return refused(`\`${text}\`: the access must be of r, w and m`);
  return { kind: "rule", rule: { type, major: major!, minor: minor!, access: normalAccess(written) }, written };
}

function readPath(text: string): LxcReading {
  const match = /^([^ ]+) +([^ ]+)/.exec(text);
  const written = match && readAccess(match[2]!);
  return written ? { kind: "path", path: match![1]!, written } : refused(`\`${text}\`: write <path> <rwm>`);
}

/** At most three letters; undefined where one of them is none. */
function readAccess(text: string): string | undefined {
  const written = text.slice(0, 3);
  return /^[rwm]+$/.test(written) ? written : undefined;
}

/** `allow c 195:* rwm`: a line for people. */
export const showDeviceLine = ({ action, value }: DeviceLine): string => `${action} ${value.trim()}`;
