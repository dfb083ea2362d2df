import { mapped } from "./coverage.js";
import type { IdType } from "./entry.js";
import type { IdMap } from "./map.js";
import type { Range } from "./range.js";
import { merge, subtract } from "./ranges.js";
import type { SubidLine } from "./subid-file.js";

/** Who starts the containers. An entry counts under the name and under the number (shadow, lib/subordinateio.c). */
export interface Owner {
  name: string;
  id: number;
}

/** Proxmox VE starts containers as root. */
export const root: Owner = { name: "root", id: 0 };

/** The ids of the node that a map needs: u in `/etc/subuid`, g in `/etc/subgid`. */
export const subidNeeds = (map: IdMap): Record<IdType, Range[]> => ({ u: mapped(map, "u", "host"), g: mapped(map, "g", "host") });

/** The ids that the owner has; entries that adjoin count as one. */
export const granted = (lines: readonly SubidLine[], owner: Owner): Range[] =>
  merge(lines.flatMap(({ entry }) => (entry && (entry.owner === owner.name || entry.owner === `${owner.id}`) ? [entry] : [])));

/** What of the needed ids the owner does not have yet. */
export const missing = (lines: readonly SubidLine[], needed: readonly Range[], owner: Owner = root): Range[] =>
  subtract(needed, granted(lines, owner));
