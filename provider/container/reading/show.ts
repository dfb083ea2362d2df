import { readConf, type PveSection, type RawEntry } from "./pve.js";
import { fromBytes } from "../../bytes.js";

/** A section as `pve-posture conf show --json` prints it. */
export interface ShownSection {
  description?: string;
  /** the raw lines, as pairs of key and value */
  lxc?: RawEntry[];
  [property: string]: unknown;
}

/** The file as Proxmox VE reads it; keys are sorted. */
export interface ShownConf extends ShownSection {
  pending: ShownSection;
  snapshots: Record<string, ShownSection>;
}

/**
 * What Proxmox VE reads from a container's configuration: the object of `pve-posture conf show --json`.
 *
 * @param text latin1; the result is decoded as UTF-8
 */
export function showConf(text: string): ShownConf {
  const { conf } = readConf(text);
  const snapshots = [...conf.snapshots].map(([name, section]): [string, ShownSection] => [name, shownSection(section)]);
  return byKey({ ...shownSection(conf.main), pending: shownSection(conf.pending), snapshots: byKey(Object.fromEntries(snapshots)) });
}

function shownSection(section: PveSection): ShownSection {
  const shown = Object.entries(section).map(([key, value]): [string, unknown] => {
    if (key === "description") return [key, value];
    if (key === "lxc") return [key, section.lxc!.map(([raw, text]) => [raw, fromBytes(text)])];
    return [key, typeof value === "string" ? fromBytes(value) : value];
  });
  return byKey(Object.fromEntries(shown));
}

const byKey = <T extends object>(object: T): T => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))) as T;
