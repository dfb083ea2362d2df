import { compare } from "./compare.js";
import { idName, idTypes, type Entry, type IdType } from "./entry.js";
import { IdMapError } from "./error.js";
import type { IdMap } from "./map.js";
import { has, printRange } from "./range.js";
import { printRanges } from "./ranges.js";
import { checkMap } from "./sound.js";

/** The node's ids from `from` on, `count` of them, become those from `to` on. */
export interface Move {
  from: number;
  to: number;
  count: number;
}

/** What becomes of the owners of files, users and groups. */
export type Shift = Record<IdType, Move[]>;

/**
 * For every id of the node under the map `from`, the one under `to` that is the same in the container: what the owners
 * of the files of a root file system must become, so that the container sees them as before.
 *
 * Every id is looked up once, as it was: a `to` may be the `from` of another move. Ids that stay are in it too
 * (`changes` leaves them out), so that what it does not have is no id of the old map. The moves are sorted by `from`.
 *
 * @throws IdMapError `not-expressible` where the container has ids under `from` that `to` does not map; its entries are
 *   those of the old map that would be lost
 */
export function shift(from: IdMap, to: IdMap): Shift {
  checkMap(from);
  checkMap(to);
  const compared = compare(from, to).filter((one) => one.from !== undefined);
  const lost = compared.filter((one) => one.to === undefined);
  if (lost.length > 0) {
    const entries = lost.map(({ type, container, count, from: host }): Entry => ({ type, container, host: host!, count }));
    throw new IdMapError(
      "not-expressible",
      `the new map has no ids for ${idTypes.flatMap((type) => printLost(type, entries)).join(" and ")}`,
      "Map them in the new map too: their files would belong to nobody in the container.",
      entries,
    );
  }
  const moves = (type: IdType): Move[] => {
    const mine = compared
      .filter((one) => one.type === type)
      .map(({ from: host, to: next, count }): Move => ({ from: host!, to: next!, count }));
    return join(mine.toSorted((a, b) => a.from - b.from));
  };
  return { u: moves("u"), g: moves("g") };
}

function printLost(type: IdType, all: readonly Entry[]): string[] {
  const mine = all.filter((entry) => entry.type === type);
  if (mine.length === 0) return [];
  const side = (key: "container" | "host") => printRanges(mine.map((entry) => ({ start: entry[key], count: entry.count })));
  return [`${idName(type)} ${side("container")} of the container (${side("host")} of the host)`];
}

/** Moves that go on where the one before ends, on both sides, are one. */
function join(moves: readonly Move[]): Move[] {
  const joined: Move[] = [];
  for (const move of moves) {
    const last = joined.at(-1);
    if (last && last.from + last.count === move.from && last.to + last.count === move.to) last.count += move.count;
    else joined.push({ ...move });
  }
  return joined;
}

/** What a shift changes, without the ids that stay. */
export function changes({ u, g }: Shift): Shift {
  const changed = (moves: readonly Move[]) => moves.filter(({ from, to }) => from !== to);
  return { u: changed(u), g: changed(g) };
}

/** The way back: it undoes a shift. */
export function reverse({ u, g }: Shift): Shift {
  const back = (moves: readonly Move[]) =>
    moves.map(({ from, to, count }): Move => ({ from: to, to: from, count })).toSorted((a, b) => a.from - b.from);
  return { u: back(u), g: back(g) };
}

/** What an owner becomes; undefined for an id that the old map does not have. */
export function moved(shift: Shift, type: IdType, id: number): number | undefined {
  const move = shift[type].find(({ from, count }) => has({ start: from, count }, id));
  return move && move.to + (id - move.from);
}

/** `100000 to 165535 → 200000 to 265535`. */
export const printMove = ({ from, to, count }: Move): string =>
  `${printRange({ start: from, count })} → ${printRange({ start: to, count })}`;
