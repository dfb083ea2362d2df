import { checkRange } from "./ids.js";
import { endOf, type Range } from "./range.js";

/** u: users, g: groups. */
export type IdType = "u" | "g";

export const idTypes: readonly IdType[] = ["u", "g"];

/** One line of `lxc.idmap`: `count` ids of the container, from `container` on, are those of the node from `host` on. */
export interface Entry {
  type: IdType;
  container: number;
  host: number;
  count: number;
}

export type Side = "container" | "host";

/** The ids that an entry has on one side. */
export const rangeOf = (entry: Entry, side: Side): Range => ({ start: entry[side], count: entry.count });

/** `uid` or `gid`, as people call them. */
export const idName = (type: IdType): string => `${type}id`;

/** Refuses ids that are none, and counts that map nothing or too much. */
export function checkEntry(entry: Entry): void {
  for (const side of ["container", "host"] as const) checkRange(rangeOf(entry, side), `${idName(entry.type)} of the ${side}`);
}

/** Whether `next` only goes on where `entry` ends, on both sides: then they can be one. */
export const adjoins = (entry: Entry, next: Entry): boolean =>
  entry.type === next.type && endOf(rangeOf(entry, "container")) === next.container && endOf(rangeOf(entry, "host")) === next.host;

/** Entries that stand for users and groups at once, one for each. */
export function eachType<E extends { type: IdType | "both" }>(entries: readonly E[]): (Omit<E, "type"> & { type: IdType })[] {
  return entries.flatMap((entry) => (entry.type === "both" ? idTypes : [entry.type]).map((type) => ({ ...entry, type })));
}
