import { isBlank, splitLines, type Line } from "./lines.js";

/**
 * The file `/etc/pve/lxc/<vmid>.conf`, read as Proxmox VE reads it (pve-container 6.1.10, `parse_pct_config`).
 * Text is taken byte for byte (latin1), so that whatever stands there comes back unchanged.
 */
export interface Conf {
  /** The section that holds now; the only one that is ever edited. */
  main: Line[];
  /** `[pve:pending]` and the snapshots, as they are. */
  rest: Line[];
}

export type Entry = { kind: "raw" | "property"; key: string; value: string };

const section = /^\[(?:pve:pending|[a-z][a-z0-9_-]+)\]\s*$/i;

export function parseConf(text: string): Conf {
  const lines = splitLines(text);
  const end = lines.findIndex((line) => section.test(line.text));
  return end < 0 ? { main: lines, rest: [] } : { main: lines.slice(0, end), rest: lines.slice(end) };
}

/** One line as Proxmox VE reads it; undefined for blanks, comments and what it can't parse. */
export function parseEntry(text: string): Entry | undefined {
  if (isBlank(text) || text.startsWith("#")) return undefined;
  const raw = /^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)\s*(.*?)\s*$/s.exec(text);
  if (raw) return { kind: "raw", key: raw[1]!, value: raw[2]! };
  const property = /^([a-z][a-z_]*\d*):\s*(.+?)\s*$/s.exec(text);
  return property ? { kind: "property", key: property[1]!, value: property[2]! } : undefined;
}

/** The last value of a property in a section: the one Proxmox VE takes. */
export function property(lines: readonly Line[], key: string): string | undefined {
  return lines
    .map(({ text }) => parseEntry(text))
    .findLast((entry) => entry?.kind === "property" && entry.key === key)?.value;
}

/** A property string such as `/dev/nvidia0,mode=0666`; a value without a key gets `defaultKey`. */
export function parseOptions(value: string, defaultKey?: string): Map<string, string> {
  const options = value.split(",").filter((part) => part !== "");
  return new Map(
    options.map((part): [string, string] => {
      const at = part.indexOf("=");
      return at < 0 ? [defaultKey ?? part, part] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
}
