import { idTypes, rangeOf, type Entry, type IdType, type Side } from "./entry.js";
import { intersect, overlaps, type Range } from "./range.js";

/** Two entries of one map that have ids in common on one side: the kernel refuses the map. */
export interface Overlap<E extends Entry = Entry> {
  type: IdType;
  side: Side;
  /** the ids that both have, on that side */
  range: Range;
  /** in the order in which they start */
  entries: [E, E];
}

/** Every pair of entries that overlap, on the container's side and on the node's. */
export function overlapsWithin<E extends Entry>(map: readonly E[]): Overlap<E>[] {
  return idTypes.flatMap((type) =>
    (["container", "host"] as const).flatMap((side) => {
      const sorted = map.filter((entry) => entry.type === type).toSorted((a, b) => a[side] - b[side]);
      return sorted.flatMap((entry, index) => {
        const range = rangeOf(entry, side);
        const others = sorted.slice(index + 1).filter((other) => overlaps(range, rangeOf(other, side)));
        return others.map((other): Overlap<E> => ({ type, side, range: intersect(range, rangeOf(other, side)), entries: [entry, other] }));
      });
    }),
  );
}
