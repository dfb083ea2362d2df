import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { parseEntry } from "../container/conf.js";
import { repeats, showsValue } from "../container/keys.js";
import { confLayout } from "../container/layout.js";
import type { Live } from "../container/live.js";
import { splitLines } from "../container/lines.js";
import { eachType, equals, printMap } from "../idmap/index.js";
import type { Answers, Restart } from "./steps.js";

/** What Proxmox VE has made of the configuration for LXC when the container was last started. */
export const liveConfig = (vmid: number): string => `/var/lib/lxc/${vmid}/config`;

/** What a difference begins with that quotes what is declared. */
export const notInForceMark = "not in force: ";

interface Known {
  confLines: string[];
  changedDuring?: string;
}

/** What of the declared the running container doesn't have, in lines for the operator. */
export function notInForce(inputs: LxcContainerSecurityInputs, { confLines, changedDuring }: Known, live: Live, answers: Answers): string[] {
  const { vmid, apparmorProfile, idmap } = inputs;
  const label = labelOf(vmid, apparmorProfile);
  const map = idmap && eachType(idmap);
  return [
    ...(label !== undefined && live.profile !== undefined && live.profile !== label ? [`it runs under the profile ${live.profile}, not ${label}`] : []),
    ...(map && live.idmap && !equals(map, live.idmap) ? [`it runs with the ids ${printMap(live.idmap).join(", ")}`] : []),
    ...notStarted(confLines, answers.file(liveConfig(vmid))),
    ...(live.start !== undefined && live.start === changedDuring ? ["its configuration was changed since it was started"] : []),
  ];
}

/** Lines that are not in what the container was started with. Proxmox VE passes raw lines on to LXC as they are. */
function notStarted(confLines: readonly string[], config: string | undefined): string[] {
  if (config === undefined) return [];
  const lines = splitLines(config).map(({ text }) => text);
  const present = new Set(lines.map(confLayout.same));
  const last = new Map(lines.flatMap((text) => parseEntry(text) ?? []).map(({ key, value }) => [key, confLayout.same(`${key}: ${value}`)]));
  return confLines.filter((line) => {
    const entry = parseEntry(line);
    // the map and the profile are told by the container itself; what is not shown may be kept elsewhere
    if (entry?.kind !== "raw" || /^lxc\.(?:idmap|apparmor\.profile)$/.test(entry.key) || !showsValue(entry.key)) return false;
    const form = confLayout.same(line);
    const several = confLines.filter((other) => parseEntry(other)?.key === entry.key).length > 1;
    return several || repeats(entry.key) ? !present.has(form) : last.get(entry.key) !== form;
  });
}

/** The label that a container has under a declared profile. LXC makes the one that it generates after the container. */
export const labelOf = (vmid: number, profile: string | undefined): string | undefined =>
  profile === "generated" ? `lxc-${vmid}_</var/lib/lxc>` : profile;

/** Whether a restart belongs to the change, and what the container must have after it. */
export function restartOf(
  { vmid, restart = "never", restartTimeoutSeconds = 60, apparmorProfile, idmap }: LxcContainerSecurityInputs,
  live: Live | undefined,
  changed: boolean,
  waiting: readonly string[],
): Restart | undefined {
  const wanted = restart !== "never" && (live ? changed || waiting.length > 0 : restart === "always" && changed);
  if (!wanted) return undefined;
  const label = labelOf(vmid, apparmorProfile);
  const map = idmap && printMap(eachType(idmap)).map((line) => `${line}\n`).join("");
  return {
    do: "restart",
    vmid,
    seconds: restartTimeoutSeconds,
    start: restart === "always",
    ...(label === undefined ? {} : { label }),
    ...(map === undefined ? {} : { map }),
  };
}
