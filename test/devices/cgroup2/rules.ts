import fc from "fast-check";
import { permits } from "../../../provider/devices/cgroup2/allows.js";
import { applyDeviceLines, type ApplyOptions } from "../../../provider/devices/cgroup2/apply.js";
import type { DeviceLine } from "../../../provider/devices/cgroup2/line.js";
import { readDeviceRule } from "../../../provider/devices/cgroup2/parse.js";
import { printDeviceRule, type DeviceRule } from "../../../provider/devices/cgroup2/rule.js";

export const runs = { numRuns: Number(process.env["PVE_POSTURE_FUZZ"] ?? 500) };

/** How long a property may take, in milliseconds: the more runs, the longer. */
export const patience = Math.max(60_000, runs.numRuns * 6);

export function rule(text: string): DeviceRule {
  const read = readDeviceRule(text);
  if (typeof read === "string") throw new Error(read);
  return read;
}

/** `rules("c 1:3 r, b 8:0 w")` */
export const rules = (text: string): DeviceRule[] => (text === "" ? [] : text.split(", ").map(rule));

export const print = (all: readonly DeviceRule[]): string => all.map(printDeviceRule).join(", ");

/** `lines("deny a, allow c 1:3 rwm, deny")`; an action alone has no value. */
export const lines = (text: string): DeviceLine[] =>
  (text === "" ? [] : text.split(", ")).map((line) => {
    const [, action, value] = /^(allow|deny)(?: (.*))?$/s.exec(line)!;
    return { action: action as DeviceLine["action"], value: value ?? "" };
  });

const number = fc.constantFrom("*" as const, 0, 1);
const letters = fc.constantFrom("r", "w", "m", "rw", "rm", "wm", "rwm");

export const anyRule: fc.Arbitrary<DeviceRule> = fc.record({ type: fc.constantFrom("a" as const, "b" as const, "c" as const), major: number, minor: number, access: letters });

const value = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom("", "a", "c 0:0 wr", "b 0:0 rr", "/dev/x rw") },
  { weight: 4, arbitrary: anyRule.map(printDeviceRule) },
);

export const anyLines: fc.Arbitrary<DeviceLine[]> = fc.array(fc.record({ action: fc.constantFrom("allow" as const, "deny" as const), value }), { maxLength: 8 });

/** Every device with these numbers and every thing that the kernel asks for. No rule above names 2: it stands for all other numbers. */
export const everything = (["b", "c"] as const).flatMap((type) =>
  [0, 1, 2].flatMap((major) => [0, 1, 2].flatMap((minor) => ["r", "w", "rw", "m"].map((access) => ({ type, major, minor, access })))),
);

export type Asked = (typeof everything)[number];

/** What is let through of everything, as a text to compare. */
export const permitted = (all: readonly DeviceLine[], options?: ApplyOptions): string => {
  const applied = applyDeviceLines(all, options);
  return everything.map((asked) => (permits(applied, asked) ? "1" : "0")).join("");
};

/** Whether a rule is about all of what is asked for, counted out. */
export const hits = (one: DeviceRule, asked: Asked): boolean =>
  (one.type === "a" || one.type === asked.type) &&
  (one.major === "*" || one.major === asked.major) &&
  (one.minor === "*" || one.minor === asked.minor) &&
  [...asked.access].every((letter) => one.access.includes(letter));
