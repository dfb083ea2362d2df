import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import type { PhoenixContainer, PhoenixIdMap } from "../../schemas/phoenix.js";
import { hasGpu } from "./gpus.js";
import type { Reading } from "./reading.js";

type Entry = NonNullable<LxcContainerSecurityInputs["idmap"]>[number];

/** The map of an unprivileged container of Proxmox VE, which Phoenix wrote out for every container with a GPU. */
export const defaultMap: Entry[] = [{ type: "both", container: 0, host: 100_000, count: 65_536 }];
const { host: base, count: ids } = defaultMap[0]!;

/**
 * The container's map.
 *
 * @param option the one of `lxc_options`
 * @param unprivileged undefined where the file doesn't say
 */
export function readMap(
  config: PhoenixContainer,
  option: Entry[] | undefined,
  unprivileged: boolean | undefined,
  reading: Reading,
): Entry[] | undefined {
  const maps = config.id_maps ?? [];
  const source = maps.length > 0 ? "id_maps" : option ? "lxc_options" : undefined;
  if (source && unprivileged === false) {
    reading.problem(source, "map ids, but the container is privileged: Proxmox VE would still take its files as not mapped. Remove them");
  } else if (maps.length > 0 && option) {
    reading.problem("id_maps", "can't stand beside lxc.idmap in lxc_options: say the map in one place");
  }
  if (maps.length > 0) {
    noteMaps(maps, reading);
    return completeMap(maps);
  }
  if (option || !hasGpu(config)) return option;
  if (unprivileged) return defaultMap.map((entry) => ({ ...entry }));
  reading.note(
    unprivileged === false
      ? "No idmap is declared: Phoenix gave one to every container with a GPU, but this one is privileged."
      : "No idmap is declared: the file doesn't say whether the container is unprivileged. If so, Proxmox VE maps 0 to 100000 by itself.",
  );
  return undefined;
}

function noteMaps(maps: readonly PhoenixIdMap[], reading: Reading): void {
  const lines = maps.flatMap(({ type, host_id, size }) => [
    ...(type.startsWith("g") ? [] : [`root:${host_id}:${size} in /etc/subuid`]),
    ...(type.startsWith("u") ? [] : [`root:${host_id}:${size} in /etc/subgid`]),
  ]);
  reading.note(
    `id_maps, which Phoenix ignored, are applied. The node needs ${lines.join(", ")}; files that the container has already ` +
      "belong to the ids of its former map.",
  );
}

/**
 * `id_maps` name only the ids that differ, and any line of `lxc.idmap` replaces the whole default map: so the gaps
 * between them are filled as the default map has them, for users and for groups.
 */
function completeMap(maps: readonly PhoenixIdMap[]): Entry[] {
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
