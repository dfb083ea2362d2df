import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import type { PhoenixContainer } from "../../schemas/phoenix.js";
import { hostId } from "./idmap.js";
import type { Reading } from "./reading.js";

/**
 * Storage belongs to whoever creates the container (`mpN`). What the map means for the owners of mounted directories is
 * said all the same: it is what mounts fail on.
 *
 * @param map the container's map; undefined for a privileged container, whose ids are the node's
 */
export function noteStorage(config: PhoenixContainer, map: LxcContainerSecurityInputs["idmap"], reading: Reading): void {
  const kinds = (["mount_points", "volumes", "zfs_volumes"] as const).filter((kind) => config[kind]?.length);
  if (kinds.length > 0) reading.note(`${kinds.join(" and ")}: mounted when the container is created (\`mpN\`), and not declared here.`);
  for (const { host_path, owner_uid, owner_gid } of config.mount_points ?? []) {
    const owners = ([["u", owner_uid, "uid"], ["g", owner_gid, "gid"]] as const).flatMap(([type, id, word]) => {
      if (id === undefined) return [];
      const host = map ? hostId(map, type, id) : id;
      return [host === undefined ? `${word} ${id} isn't mapped to any` : `${word} ${id} is ${host}`];
    });
    if (owners.length > 0) reading.note(`${host_path}: the container's ${owners.join(", ")} on the node.`);
  }
}
