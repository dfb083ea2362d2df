import { idTypes, rangeOf, type IdType, type Side } from "./entry.js";
import { defaultSize } from "./limits.js";
import type { IdMap } from "./map.js";
import { between, endOf, type Range } from "./range.js";
import { merge, subtract } from "./ranges.js";

/** The ids that a map has on one side, in as few ranges as possible. */
export const mapped = (map: IdMap, type: IdType, side: Side): Range[] =>
  merge(map.filter((entry) => entry.type === type).map((entry) => rangeOf(entry, side)));

/** The container's ids below `size` that stand for none of the node: their files belong to nobody, and nobody can become them. */
export const unmapped = (map: IdMap, type: IdType, size = defaultSize): Range[] =>
  subtract([{ start: 0, count: size }], mapped(map, type, "container"));

/** Whether every id below `size` is mapped, for users and for groups. */
export const isComplete = (map: IdMap, size = defaultSize): boolean => idTypes.every((type) => unmapped(map, type, size).length === 0);

/** The holes between the container's mapped ids, whatever the size; what comes after the last is none. */
export function gaps(map: IdMap, type: IdType): Range[] {
  const ranges = mapped(map, type, "container");
  return ranges.slice(1).map((range, index) => between(endOf(ranges[index]!), range.start));
}
