import { contradictionOf, withoutRepeats } from "./contradictions.js";
import { checkEntry, eachType, idName, rangeOf, type Entry } from "./entry.js";
import { IdMapError } from "./error.js";
import { defaultBase, defaultSize } from "./limits.js";
import { entriesOf, normalise } from "./map.js";
import { overlapsWithin } from "./overlaps.js";
import { printRange } from "./range.js";
import { subtract } from "./ranges.js";
import { checkSize } from "./sound.js";
import { printWish, type Wish } from "./wish.js";

export interface Building {
  /** the node's id that the container's id 0 stands for; default 100000, as Proxmox VE has it */
  base?: number;
  /** how many ids, from 0 on, the container has; default 65536 */
  size?: number;
  /** the node's kernel, as `uname -r` says it; it decides how many entries a map may have */
  kernel?: string;
}

/**
 * The smallest map, sorted, that fulfils all wishes and shifts every other id below `size` by `base`, for users and for
 * groups. An id that is wished for elsewhere leaves a hole in the node's range, which stays free.
 *
 * @throws IdMapError where two wishes, or a wish and the shift, would give an id two meanings, and where the kernel
 *   would refuse the map
 */
export function buildIdMap(wishes: readonly Wish[], { base = defaultBase, size = defaultSize, kernel }: Building = {}): Entry[] {
  const wished = eachType(wishes.map((wish) => ({ ...wish, wish })));
  const shifted = eachType([{ type: "both" as const, container: 0, host: base, count: size }]);
  [...wished, ...shifted].forEach(checkEntry);
  checkWishes(wished);
  const rest = shifted.flatMap((entry) => {
    const taken = entriesOf(wished, entry.type).map((one) => rangeOf(one, "container"));
    return subtract([rangeOf(entry, "container")], taken).map(({ start, count }): Entry => ({
      ...entry,
      container: start,
      host: base + start,
      count,
    }));
  });
  checkAgainstShift(wished, rest, base);
  const once = withoutRepeats(wished).map(({ type, container, host, count }): Entry => ({ type, container, host, count }));
  const map = normalise([...once, ...rest]);
  checkSize(map, kernel);
  return map;
}

type Wished = Entry & { wish: Wish };

function checkWishes(wished: readonly Wished[]): void {
  const found = contradictionOf(wished);
  if (!found) return;
  const { type, side, range, entries } = found;
  throw new IdMapError(
    side === "container" ? "container-twice" : "host-twice",
    `two wishes for ${idName(type)} ${printRange(range)} of the ${side}: ${entries.map(({ wish }) => printWish(wish)).join("; ")}`,
    "Keep one of them.",
    entries,
  );
}

function checkAgainstShift(wished: readonly Wished[], rest: readonly Entry[], base: number): void {
  const found = overlapsWithin<Entry>([...wished, ...rest]).find(({ entries }) => entries.filter(isWished).length === 1);
  if (!found) return;
  const { wish } = found.entries.find(isWished)!;
  const { start, count } = found.range;
  const host = `${idName(found.type)} ${printRange(found.range)} of the host`;
  throw new IdMapError(
    "host-twice",
    `${printWish(wish)}: ${host} already stands for ${printRange({ start: start - base, count })} of the container, shifted by ${base}`,
    "Wish for another id of the host, say where those of the container go, or choose another base.",
    found.entries,
  );
}

const isWished = (entry: Entry): entry is Wished => "wish" in entry;
