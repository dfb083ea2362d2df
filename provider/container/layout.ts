import { parseDeviceRule, printDeviceRule } from "../devices/cgroup2.js";
import { parseEntry, parseOptions } from "./conf.js";
import { endOf, type Layout } from "./families.js";
import type { Line } from "./lines.js";
import { isOptionsKey } from "./options.js";

/** How lines of the container's configuration are compared and where new ones go. */
export const confLayout: Layout = {
  same(text) {
    const entry = parseEntry(text);
    if (!entry) return text;
    return `${entry.key}: ${sameValue(entry.key, entry.value)}`;
  },
  home(lines, text) {
    return parseEntry(text)?.kind === "property" ? afterProperties(lines) : afterRaw(lines);
  },
};

function sameValue(key: string, value: string): string {
  if (/^lxc\.cgroup2\.devices\.(allow|deny)$/.test(key)) {
    const rule = parseDeviceRule(value);
    return typeof rule === "string" ? value : printDeviceRule(rule);
  }
  if (key === "lxc.idmap" || key === "lxc.mount.entry") return value.replace(/[ \t]+/g, " "); // not 0xA0, the end of à
  if (/^dev\d+$/.test(key)) return sortedOptions(value, "path");
  if (isOptionsKey(key)) return sortedOptions(value);
  return value;
}

function sortedOptions(value: string, defaultKey?: string): string {
  const options = [...parseOptions(value, defaultKey)].map(([key, option]) => `${key}=${option}`);
  return options.sort().join(",");
}

/** Properties stand before the raw lines, as Proxmox VE writes them. */
function afterProperties(lines: readonly Line[]): number {
  const last = lines.findLastIndex(({ text }) => parseEntry(text)?.kind === "property");
  if (last >= 0) return last + 1;
  const raw = lines.findIndex(({ text }) => parseEntry(text)?.kind === "raw");
  return raw >= 0 ? raw : endOf(lines);
}

function afterRaw(lines: readonly Line[]): number {
  const last = lines.findLastIndex(({ text }) => parseEntry(text)?.kind === "raw");
  return last >= 0 ? last + 1 : endOf(lines);
}

