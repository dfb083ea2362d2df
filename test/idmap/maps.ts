import fc from "fast-check";
import type { Entry } from "../../provider/idmap/entry.js";
import { parseMap, printKernelMap, printMap, type IdMap } from "../../provider/idmap/map.js";
import { typesOf, type Wish } from "../../provider/idmap/wish.js";

/** `map("u 0 1 2", "g 0 1 2")`, or all of it in one string with commas. */
export const map = (...values: string[]): IdMap => parseMap(values.flatMap((value) => value.split(",")).map((value) => value.trim()));

export const text = (of: IdMap): string => printMap(of).join(", ");

/** The map of Proxmox VE's unprivileged containers. */
export const standard = map("u 0 100000 65536, g 0 100000 65536");

export const runs = { numRuns: Number(process.env["PVE_POSTURE_FUZZ"] ?? 500) };

/** How long a property may take, in milliseconds: the more runs, the longer. */
export const patience = Math.max(60_000, runs.numRuns * 6);

/** `count` entries for users that nothing joins. */
export const many = (count: number, host = 0): Entry[] =>
  Array.from({ length: count }, (_, i) => ({ type: "u", container: 2 * i, host: host + 2 * i, count: 1 }));

/** A sound map for users of so many bytes, as the kernel gets it. */
export function ofBytes(bytes: number): Entry[] {
  const entries = many(245, 4_000_000_000);
  const tooMany = printKernelMap(entries, "u").length - bytes;
  // a digit less for as many hosts
  return entries.map((entry, i) => (i < tooMany ? { ...entry, host: entry.host - 3_100_000_000 } : entry));
}

/** A sound map over few ids: each of the container's ids with one of the node's, or with none. */
export const smallMap = (ids = 12, hosts = 40): fc.Arbitrary<IdMap> => {
  const side = fc.tuple(fc.shuffledSubarray(Array.from({ length: hosts }, (_, id) => id), { minLength: ids, maxLength: ids }), fc.subarray(Array.from({ length: ids }, (_, id) => id)));
  return fc.tuple(side, side).map((sides) =>
    sides.flatMap(([host, container], index) => container.map((id) => ({ type: index === 0 ? ("u" as const) : ("g" as const), container: id, host: host[id]!, count: 1 }))),
  );
};

/** Wishes that contradict neither each other nor a shift by `base`. */
export function validWishes(base: number, size: number): fc.Arbitrary<Wish[]> {
  const sides = fc.record({ container: fc.nat(size + 20), host: fc.nat(base - 1), count: fc.integer({ min: 1, max: 6 }), type: fc.constantFrom("u" as const, "g" as const, "both" as const) });
  return fc.array(sides, { maxLength: 8 }).map((wishes) => {
    const taken = new Set<string>();
    return wishes.filter((wish) => {
      const { container, host, count } = wish;
      const ids = Array.from({ length: count }, (_, i) => typesOf(wish).flatMap((type) => [`${type} ${container + i}`, `${type} host ${host + i}`])).flat();
      const free = host + count <= base && ids.every((id) => !taken.has(id));
      if (free) ids.forEach((id) => taken.add(id));
      return free;
    });
  });
}
