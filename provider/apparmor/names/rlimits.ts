/** How the value of a resource limit is written. */
export type RlimitValue = "size" | "time" | "microseconds" | "number" | "nice";

/**
 * The resources of `set rlimit` (getrlimit(2)). `size`: bytes, `K`, `KB`, `M`, `MB`, `G`, `GB`; `time`: seconds, with a unit
 * of time at least one; `microseconds`: likewise; `number`: no unit; `nice`: -20 to 19, no unit. Any takes `infinity`.
 */
export const rlimits = {
  cpu: "time", fsize: "size", data: "size", stack: "size", core: "size", rss: "size", nofile: "number", ofile: "number",
  as: "size", nproc: "number", memlock: "size", locks: "number", sigpending: "number", msgqueue: "size", nice: "nice",
  rtprio: "number", rttime: "microseconds",
} as const satisfies Record<string, RlimitValue>;

export type Rlimit = keyof typeof rlimits;

/** Units of size, in bytes. */
export const sizeUnits = { K: 2 ** 10, KB: 2 ** 10, M: 2 ** 20, MB: 2 ** 20, G: 2 ** 30, GB: 2 ** 30 } as const;

export type SizeUnit = keyof typeof sizeUnits;

const second = 1_000_000;

/** Units of time, in microseconds. */
export const timeUnits = {
  us: 1, microsecond: 1, microseconds: 1,
  ms: 1000, millisecond: 1000, milliseconds: 1000,
  s: second, sec: second, second: second, seconds: second,
  min: 60 * second, minute: 60 * second, minutes: 60 * second,
  h: 3600 * second, hour: 3600 * second, hours: 3600 * second,
  d: 86_400 * second, day: 86_400 * second, days: 86_400 * second,
  week: 604_800 * second, weeks: 604_800 * second,
} as const;

export type TimeUnit = keyof typeof timeUnits;
