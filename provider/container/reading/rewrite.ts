import type { PveConf, PveSection } from "./pve.js";
import { encodeText } from "./text.js";

/** Of a section: not written as properties. */
const elsewhere = new Set(["description", "lxc", "env"]);

/** In the order of bytes, as Perl sorts; names are ASCII. */
const sorted = (names: Iterable<string>): string[] => [...names].sort((a, b) => (a < b ? -1 : 1));

/**
 * The file as Proxmox VE would write it back: comments on top of their section, properties sorted, then
 * `lxc.environment.runtime`, then the raw lines as `key: value`; snapshots sorted by name, pending changes only where
 * there are some.
 * Source: pve-container 6.1, `PVE::LXC::Config::write_pct_config`.
 *
 * @returns latin1
 */
export function rewriteConf({ main, pending, snapshots }: PveConf): string {
  const sections = [writeSection(withoutUsed(main))];
  if (Object.keys(pending).length > 0) sections.push(`[pve:pending]\n${writeSection(pending)}`);
  for (const name of sorted(snapshots.keys())) sections.push(`[${name}]\n${writeSection(snapshots.get(name)!)}`);
  return sections.join("\n");
}

function writeSection(section: PveSection): string {
  const lines = [
    ...untilLast((section.description ?? "").split("\n")).map((line) => `#${encodeText(line)}`),
    ...sorted(Object.keys(section)).flatMap((key) => (elsewhere.has(key) ? [] : [`${key}: ${String(section[key])}`])),
    ...untilLast(String(section["env"] ?? "").split("\0")).map((variable) => `lxc.environment.runtime: ${variable}`),
    ...(section.lxc ?? []).map(([key, value]) => `${key}: ${value}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** As Perl splits: without the empty parts at the end. */
function untilLast(parts: string[]): string[] {
  return parts.slice(0, parts.findLastIndex((part) => part !== "") + 1);
}

/** A volume that is in use is not listed as unused. */
function withoutUsed(main: PveSection): PveSection {
  const used = new Set(Object.keys(main).flatMap((key) => (/^(?:rootfs|mp\d+)$/.test(key) ? volumeOf(String(main[key])) : [])));
  return Object.fromEntries(Object.entries(main).filter(([key, value]) => !key.startsWith("unused") || !used.has(String(value))));
}

/** The volume on a storage that a mount point is of; none for a path of the host. */
function volumeOf(mountPoint: string): string[] {
  const parts = mountPoint.split(",");
  const named = parts.find((part) => part.startsWith("volume="))?.slice("volume=".length) ?? parts.find((part) => !part.includes("="));
  return named !== undefined && /^[a-z][a-z0-9._-]*[a-z0-9]:./i.test(named) ? [named] : [];
}
