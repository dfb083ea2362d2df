import type { GpuPassthroughInputs } from "../../schemas/gpu-passthrough.js";
import { parseEntry, parseOptions } from "../container/conf.js";
import type { Line } from "../container/lines.js";
import { PostureError } from "../errors.js";
import type { DeviceNode } from "./discovery.js";

/** `dev[n]` came with pve-container 5.0.7. */
export const devEntriesSince = "5.0.7";

/** How many `dev[n]` a container can have. */
const maxDevices = 256;

/** Whether the Debian version `version` is at least `least`; only numbers count. */
export function atLeast(version: string, least: string): boolean {
  const numbers = (text: string) => (text.replace(/^\d+:/, "").match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const [have, want] = [numbers(version), numbers(least)];
  for (let i = 0; i < want.length; i++) if ((have[i] ?? 0) !== want[i]) return (have[i] ?? 0) > want[i]!;
  return true;
}

type Access = Pick<GpuPassthroughInputs, "mode" | "uid" | "gid">;

/**
 * One `dev<n>` property a node. An entry that already passes the node through keeps its index; free ones are taken for
 * the others, and nobody's is overwritten. The mode is 0666 where none is given: Proxmox VE's own default, 0660 of
 * root, keeps everybody else in the container out.
 */
export function devLines(nodes: readonly DeviceNode[], access: Access, main: readonly Line[], reserved: readonly Line[]): string[] {
  const taken = new Map<string, string>();
  for (const { text } of [...reserved, ...main]) {
    const entry = parseEntry(text);
    if (entry && /^dev\d+$/.test(entry.key)) taken.set(entry.key, parseOptions(entry.value, "path").get("path") ?? "");
  }
  const free = Array.from({ length: maxDevices }, (_, n) => `dev${n}`).filter((key) => !taken.has(key));
  return nodes.map(({ path }) => {
    const key = [...taken].find(([, passed]) => passed === path)?.[0] ?? free.shift();
    if (key === undefined)
      throw new PostureError("conflict", "the container has no free dev[n] left", `It can have ${maxDevices}; remove some first.`);
    const options = [`mode=${access.mode ?? "0666"}`];
    if (access.uid !== undefined) options.push(`uid=${access.uid}`);
    if (access.gid !== undefined) options.push(`gid=${access.gid}`);
    return `${key}: ${[path, ...options].join(",")}`;
  });
}

/** Raw lines, for nodes that don't know `dev[n]`: a rule for exactly this number, and the node bound into the container. */
export function rawLines(nodes: readonly DeviceNode[]): string[] {
  return [
    ...nodes.map(({ major, minor }) => `lxc.cgroup2.devices.allow: c ${major}:${minor} rw`),
    // optional: a raw entry of a vanished node would stop the container from starting
    ...nodes.map(({ path }) => `lxc.mount.entry: ${path} ${path.slice(1)} none bind,optional,create=file`),
  ];
}
