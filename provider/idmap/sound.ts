import { checkEntry, idName, idTypes, type Side } from "./entry.js";
import { IdMapError } from "./error.js";
import { maxEntries, maxMapBytes } from "./limits.js";
import { printEntry } from "./line.js";
import { entriesOf, printKernelMap, type IdMap } from "./map.js";
import { overlapsWithin } from "./overlaps.js";
import { printRange } from "./range.js";

/** How one calls it that both sides of a map have an id twice. */
const twice: Record<Side, "container-twice" | "host-twice"> = { container: "container-twice", host: "host-twice" };

/**
 * Refuses a map that the kernel would not take: ids that are none, overlaps, more than 340 entries (5 before Linux 4.15)
 * or 4095 bytes for users or for groups.
 *
 * @param kernel the node's, as `uname -r` says it; the newest when not given
 */
export function checkMap(map: IdMap, kernel?: string): void {
  map.forEach(checkEntry);
  const [overlap] = overlapsWithin(map);
  if (overlap) {
    const { type, side, range, entries } = overlap;
    const lines = entries.map((entry) => `\`${printEntry(entry)}\``).join(" and ");
    throw new IdMapError(twice[side], `${lines} both map ${idName(type)} ${printRange(range)} of the ${side}`, undefined, entries);
  }
  checkSize(map, kernel);
}

/** Refuses a map that has more entries, or a longer text, than the kernel takes. */
export function checkSize(map: IdMap, kernel?: string): void {
  const most = maxEntries(kernel);
  for (const type of idTypes) {
    const { length } = entriesOf(map, type);
    const old = most === 5 ? `, before Linux 4.15` : "";
    if (length > most)
      throw new IdMapError("too-many-entries", `the map has ${length} entries for ${idName(type)}s; the kernel takes ${most}${old}`);
    const bytes = printKernelMap(map, type).length;
    if (bytes >= maxMapBytes) {
      throw new IdMapError("too-long", `the map for ${idName(type)}s is ${bytes} bytes long; the kernel takes ${maxMapBytes - 1}`);
    }
  }
}
