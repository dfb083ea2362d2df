import { rangeOf, type Entry, type Side } from "./entry.js";
import { overlapsWithin, type Overlap } from "./overlaps.js";

/** The ids that an entry has on the other side, for a part that is given on `side`. */
function across(entry: Entry, overlap: Overlap): number {
  const other: Side = overlap.side === "container" ? "host" : "container";
  return entry[other] + (overlap.range.start - rangeOf(entry, overlap.side).start);
}

/** The first overlap of entries that don't say the same about the ids they share. Saying it twice is no contradiction. */
export const contradictionOf = <E extends Entry>(entries: readonly E[]): Overlap<E> | undefined =>
  overlapsWithin(entries).find((overlap) => across(overlap.entries[0], overlap) !== across(overlap.entries[1], overlap));

/** Of entries without contradiction, each id once. */
export function withoutRepeats<E extends Entry>(entries: readonly E[]): E[] {
  const once: E[] = [];
  for (const entry of entries.toSorted((a, b) => a.container - b.container)) {
    const known = once.filter(({ type }) => type === entry.type).map((one) => one.container + one.count);
    const skip = Math.max(0, Math.max(0, ...known) - entry.container);
    if (skip < entry.count) once.push({ ...entry, container: entry.container + skip, host: entry.host + skip, count: entry.count - skip });
  }
  return once;
}
