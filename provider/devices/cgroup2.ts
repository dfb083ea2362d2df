/** A rule of `lxc.cgroup2.devices.allow` or `.deny`; `*` stands for every number. */
export interface DeviceRule {
  /** a: all devices, b: block, c: character */
  type: "a" | "b" | "c";
  major: number | "*";
  minor: number | "*";
  /** of r, w and m (mknod), in this order */
  access: string;
}

/** Reads a rule such as `c 195:* rwm`; a string says what is wrong. */
export function parseDeviceRule(text: string): DeviceRule | string {
  if (/^\s*a\s*$/.test(text)) return { type: "a", major: "*", minor: "*", access: "rwm" };
  const match = /^\s*([abc])\s+(\d+|\*):(\d+|\*)\s+([rwm]{1,3})\s*$/.exec(text);
  if (!match) return `must be \`a\` or <a|b|c> <major>:<minor> <rwm>, such as \`c 195:* rwm\`; got \`${text}\``;
  const [, type, major, minor, access] = match as unknown as [string, DeviceRule["type"], string, string, string];
  const numbers = [major, minor].map((number) => (number === "*" ? "*" : Number(number)));
  if (numbers.some((number) => number !== "*" && number > 0xfffff)) return "has a number beyond 1048575";
  // LXC takes only the bare `a` for all devices; with numbers it is one more rule, which matches nothing it should
  if (type === "a") return "must be `a` alone to stand for all devices";
  return {
    type,
    major: numbers[0] as number | "*",
    minor: numbers[1] as number | "*",
    access: [..."rwm"].filter((letter) => access.includes(letter)).join(""),
  };
}

/** The rule as LXC reads it, in one form for all ways to write it. */
export function printDeviceRule({ type, major, minor, access }: DeviceRule): string {
  return type === "a" ? "a" : `${type} ${major}:${minor} ${access}`;
}

/** Whether the rule resets the list: LXC forgets every rule before it. */
export const isGlobal = (rule: DeviceRule): boolean => rule.type === "a";
