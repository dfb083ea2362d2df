import { idTypes, rangeOf, type Entry, type IdType } from "./entry.js";
import { entriesOf, type IdMap } from "./map.js";
import { between, endOf, has } from "./range.js";

/** Some ids of the container, and what they stand for on the node under each of two maps; undefined: not mapped. */
export interface Comparison {
  type: IdType;
  /** the first id in the container */
  container: number;
  count: number;
  /** the first id on the node under the first map */
  from?: number;
  /** the first id on the node under the second map */
  to?: number;
}

/** Every id of the container that at least one of two sound maps has, in order and in as few ranges as possible. */
export function compare(from: IdMap, to: IdMap): Comparison[] {
  return idTypes.flatMap((type) => join(pieces(entriesOf(from, type), entriesOf(to, type), type)));
}

/** What differs between two maps. */
export const differences = (from: IdMap, to: IdMap): Comparison[] => compare(from, to).filter((one) => one.from !== one.to);

/** Whether two maps say the same, however it is cut into entries. */
export const equals = (one: IdMap, two: IdMap): boolean => differences(one, two).length === 0;

function pieces(from: readonly Entry[], to: readonly Entry[], type: IdType): Comparison[] {
  const ranges = [...from, ...to].map((entry) => rangeOf(entry, "container"));
  const cuts = [...new Set(ranges.flatMap((range) => [range.start, endOf(range)]))].toSorted((a, b) => a - b);
  const host = (entries: readonly Entry[], id: number) => {
    const entry = entries.find((one) => has(rangeOf(one, "container"), id));
    return entry && entry.host + (id - entry.container);
  };
  return cuts.slice(0, -1).flatMap((container, index): Comparison[] => {
    const { count } = between(container, cuts[index + 1]!);
    const [before, after] = [host(from, container), host(to, container)];
    if (before === undefined && after === undefined) return [];
    return [{ type, container, count, ...(before !== undefined && { from: before }), ...(after !== undefined && { to: after }) }];
  });
}

/** Pieces that go on where the one before ends, on all sides, are one. */
function join(all: readonly Comparison[]): Comparison[] {
  const joined: Comparison[] = [];
  const follows = (start: number | undefined, next: number | undefined, count: number) =>
    start === undefined ? next === undefined : start + count === next;
  for (const one of all) {
    const last = joined.at(-1);
    const goesOn =
      last &&
      last.container + last.count === one.container &&
      follows(last.from, one.from, last.count) &&
      follows(last.to, one.to, last.count);
    if (goesOn) last.count += one.count;
    else joined.push({ ...one });
  }
  return joined;
}
