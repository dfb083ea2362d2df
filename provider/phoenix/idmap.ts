import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import type { PhoenixIdMap } from "../../schemas/phoenix.js";

type Entry = NonNullable<LxcContainerSecurityInputs["idmap"]>[number];

/** The map of an unprivileged container of Proxmox VE, which Phoenix wrote out for every container with a GPU. */
export const defaultMap: Entry[] = [{ type: "both", container: 0, host: 100_000, count: 65_536 }];
const { host: base, count: ids } = defaultMap[0]!;

/**
 * `id_maps` name only the ids that differ, and any line of `lxc.idmap` replaces the whole default map: so the gaps
 * between them are filled as the default map has them, for users and for groups.
 */
export function completeMap(maps: readonly PhoenixIdMap[]): Entry[] {
  const filled = (type: "u" | "g") => fill(type, maps.filter((map) => map.type === "both" || map.type.startsWith(type)));
  const [users, groups] = [filled("u"), filled("g")];
  const same = JSON.stringify(users) === JSON.stringify(groups.map((entry) => ({ ...entry, type: "u" })));
  return same ? users.map((entry) => ({ ...entry, type: "both" })) : [...users, ...groups];
}

function fill(type: "u" | "g", maps: readonly PhoenixIdMap[]): Entry[] {
  const entries: Entry[] = [];
  let next = 0;
  const fillTo = (end: number) => {
    if (end > next) entries.push({ type, container: next, host: base + next, count: end - next });
  };
  for (const { container_id, host_id, size } of maps.toSorted((a, b) => a.container_id - b.container_id)) {
    fillTo(Math.min(container_id, ids));
    entries.push({ type, container: container_id, host: host_id, count: size });
    next = Math.max(next, container_id + size);
  }
  fillTo(ids);
  return entries;
}

/** The id on the node that an id in the container stands for; undefined where it isn't mapped. */
export function hostId(map: readonly Entry[], type: "u" | "g", id: number): number | undefined {
  const entry = map.find((e) => (e.type === type || e.type === "both") && id >= e.container && id < e.container + e.count);
  return entry && entry.host + id - entry.container;
}
