/** A rule of `lxc.cgroup2.devices.allow` or `.deny`; `*` stands for every number. */
export interface DeviceRule {
  /** a: all devices, b: block, c: character */
  type: "a" | "b" | "c";
  major: number | "*";
  minor: number | "*";
  /** of r, w and m (mknod), in this order */
  access: string;
  /** `a` alone, which decides for all devices and makes LXC forget every rule before it; `a *:* rwm` does not */
  global?: true;
}

/** The rule that is written as `a` alone. */
export const globalRule: DeviceRule = { type: "a", major: "*", minor: "*", access: "rwm", global: true };

/** Whether the rule resets the list: LXC forgets every rule before it. */
export const isGlobal = (rule: DeviceRule): boolean => rule.global === true;

/** Minors have 20 bits in the kernel (`MINORBITS`), majors fewer. */
export const maxNumber = 0xfffff;

/** The rule as LXC reads it, in one form for all ways to write it. */
export const printDeviceRule = ({ type, major, minor, access, global }: DeviceRule): string =>
  global ? "a" : `${type} ${major}:${minor} ${access}`;
