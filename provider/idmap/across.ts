import { idTypes, rangeOf, type Entry, type IdType } from "./entry.js";
import type { IdMap } from "./map.js";
import { between, endOf, has, type Range } from "./range.js";
import { common } from "./ranges.js";

/** A container of the node with its map. */
export interface Mapped {
  vmid: number;
  map: IdMap;
  /** ids of the node that it was wished to share, besides those that are the same in the container and on the node */
  wished?: Partial<Record<IdType, readonly Range[]>>;
}

/** Ids of the node that more than one container has: what one writes there, the other may read and change. */
export interface Shared {
  type: IdType;
  /** on the node */
  range: Range;
  /** in order */
  vmids: number[];
  /** those that have the ids without having been wished to, by their shift alone; empty where all sharing was wished for */
  accidental: number[];
}

/**
 * What the containers of a node share, in order, each range with exactly those that have it.
 *
 * An id that passes through (the same in the container and on the node) was wished for, and so is what `wished` says;
 * a shift that happens to reach the ids of another container was not.
 */
export function overlapsAcross(containers: readonly Mapped[]): Shared[] {
  return idTypes.flatMap((type) =>
    join(segments(containers.flatMap((container) => holdings(container, type))).map((one) => ({ type, ...one }))),
  );
}

/** Some ids of the node, in the hands of one container. */
interface Holding {
  vmid: number;
  range: Range;
  wished: boolean;
}

function holdings({ vmid, map, wished = {} }: Mapped, type: IdType): Holding[] {
  const entries = map.filter((entry) => entry.type === type);
  const ranges = entries.map((entry) => rangeOf(entry, "host"));
  // a wish for ids that the map doesn't have gives it none
  const named = common(ranges, wished[type] ?? []).map((range): Holding => ({ vmid, range, wished: true }));
  return [...ranges.map((range, index): Holding => ({ vmid, range, wished: passesThrough(entries[index]!) })), ...named];
}

const passesThrough = ({ container, host }: Entry): boolean => container === host;

/** Cuts all ranges where one begins or ends, and keeps what at least two containers have. */
function segments(holdings: readonly Holding[]): Omit<Shared, "type">[] {
  const cuts = [...new Set(holdings.flatMap(({ range }) => [range.start, endOf(range)]))].toSorted((a, b) => a - b);
  const sorted = holdings.toSorted((a, b) => a.range.start - b.range.start);
  const open = new Set<Holding>();
  let next = 0;
  return cuts.slice(0, -1).flatMap((start, index) => {
    for (const one of open) if (endOf(one.range) <= start) open.delete(one);
    for (; sorted[next] && has(sorted[next]!.range, start); next++) open.add(sorted[next]!);
    const vmids = numbers([...open].map(({ vmid }) => vmid));
    if (vmids.length < 2) return [];
    const wished = new Set([...open].filter((one) => one.wished).map(({ vmid }) => vmid));
    return [{ range: between(start, cuts[index + 1]!), vmids, accidental: vmids.filter((vmid) => !wished.has(vmid)) }];
  });
}

const numbers = (all: number[]): number[] => [...new Set(all)].toSorted((a, b) => a - b);

/** Ranges that go on where the one before ends, and are had by the same containers, are one. */
function join(all: Shared[]): Shared[] {
  const joined: Shared[] = [];
  const holders = ({ vmids, accidental }: Shared) => `${vmids.join()};${accidental.join()}`;
  for (const one of all) {
    const last = joined.at(-1);
    if (last && endOf(last.range) === one.range.start && holders(last) === holders(one))
      last.range = between(last.range.start, endOf(one.range));
    else joined.push(one);
  }
  return joined;
}
