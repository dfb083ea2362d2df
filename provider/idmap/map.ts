import { adjoins, idTypes, type Entry, type IdType } from "./entry.js";
import { parseEntry, printEntry } from "./line.js";

/** What `lxc.idmap` lines say together: users and groups. */
export type IdMap = readonly Entry[];

/** The entries for users, or those for groups, in the order of the container's ids. */
export const entriesOf = <E extends Entry>(map: readonly E[], type: IdType): E[] =>
  map.filter((entry) => entry.type === type).toSorted((a, b) => a.container - b.container);

/** The same map in as few entries as possible: users first, in the order of the container's ids. */
export function normalise(map: IdMap): Entry[] {
  const entries: Entry[] = [];
  for (const entry of idTypes.flatMap((type) => entriesOf(map, type))) {
    const last = entries.at(-1);
    if (last && adjoins(last, entry)) last.count += entry.count;
    else entries.push({ ...entry });
  }
  return entries;
}

/** Reads the values of `lxc.idmap` lines. LXC forgets the lines before one without a value (lxc.container.conf(5)). */
export const parseMap = (values: readonly string[]): Entry[] =>
  values.slice(values.findLastIndex((value) => value.trim() === "") + 1).map(parseEntry);

/** The values of `lxc.idmap` lines. */
export const printMap = (map: IdMap): string[] => map.map(printEntry);

/** What the kernel is given for `uid_map` or `gid_map` (LXC, `lxc_map_ids`). */
export const printKernelMap = (map: IdMap, type: IdType): string =>
  map
    .filter((entry) => entry.type === type)
    .map(({ container, host, count }) => `${container} ${host} ${count}\n`)
    .join("");
