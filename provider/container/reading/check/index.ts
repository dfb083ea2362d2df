import { apparmor } from "./apparmor.js";
import { capabilities } from "./capabilities.js";
import { devices } from "./devices.js";
import { doubles } from "./doubles.js";
import { dropped } from "./dropped.js";
import { factsOf } from "./facts.js";
import { error, type Finding } from "./finding.js";
import { idmap } from "./idmap.js";
import { limits } from "./limits.js";
import { misplaced } from "./sections.js";
import { mounts } from "./mounts.js";
import { privileges } from "./privileges.js";
import { fromBytes } from "../../../bytes.js";
import { values } from "./values.js";

export type { Finding } from "./finding.js";

const checks = [dropped, values, doubles, misplaced, privileges, apparmor, idmap, devices, capabilities, limits, mounts];

/**
 * What the owner of a container's configuration should know: what Proxmox VE drops or loses, what contradicts itself,
 * and what leaves the container open. Nothing of a value that may be a secret (`lxc.environment`, hooks) is said.
 *
 * @param text latin1
 * @returns in the order of lines
 */
export function checkConf(text: string): Finding[] {
  // what Proxmox VE goes by is ASCII, so that messages may as well have the values as people write them
  const facts = factsOf(fromBytes(text));
  return [...size(text), ...checks.flatMap((check) => check(facts))].sort((a, b) => a.line - b.line);
}

/** Of a file in /etc/pve. Source: pmxcfs, `MEMDB_MAX_FILE_SIZE`. */
export const largest = 1024 * 1024;

function size(text: string): Finding[] {
  if (text.length <= largest) return [];
  return [
    error(
      "too-large",
      1,
      `the file has ${text.length} bytes: /etc/pve holds no file of more than ${largest}`,
      "Shorten it; comments are a part of it.",
    ),
  ];
}
