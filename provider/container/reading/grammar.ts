/**
 * One line of `/etc/pve/lxc/<vmid>.conf`, as Proxmox VE tells lines apart.
 * Source: pve-container, `PVE::LXC::Config::parse_pct_config`. Its patterns run over bytes, so that `\s` is ASCII only:
 * in latin1 text the second byte of `à` (0xA0) is no blank, though it is one to a regular expression of JavaScript.
 */
export type Reading =
  | { kind: "blank" }
  | { kind: "comment"; text: string }
  /** `name` is as it is written; Proxmox VE takes `[pve:pending]` in any case, and snapshots by their exact name */
  | { kind: "section"; section: "pending" | "snapshot"; name: string }
  | { kind: "raw"; key: string; value: string }
  | { kind: "property"; key: string; value: string }
  | { kind: "broken" };

const blank = (char: number): boolean => char === 32 || (char >= 9 && char <= 13);

/** Without the blanks at both ends. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && blank(text.charCodeAt(start))) start++;
  while (end > start && blank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

export const isBlankLine = (text: string): boolean => trimBlanks(text) === "";

/** Reads a line, without what ends it. */
export function readLine(text: string): Reading {
  if (isBlankLine(text)) return { kind: "blank" };
  if (text.startsWith("#")) return { kind: "comment", text: text.slice(1) };
  return sectionOf(text) ?? rawOf(text) ?? propertyOf(text) ?? { kind: "broken" };
}

function sectionOf(text: string): Reading | undefined {
  if (!text.startsWith("[")) return undefined;
  const header = /^\[(?:(pve:pending)|([a-z][a-z0-9_-]+))\][ \t-\r]*$/i.exec(text);
  if (!header) return undefined;
  return header[1] ? { kind: "section", section: "pending", name: header[1] } : { kind: "section", section: "snapshot", name: header[2]! };
}

function rawOf(text: string): Reading | undefined {
  const raw = /^(lxc\.[a-z0-9_.-]+)(?::|[ \t-\r]*=)/.exec(text);
  return raw ? { kind: "raw", key: raw[1]!, value: trimBlanks(text.slice(raw[0].length)) } : undefined;
}

/**
 * `snapstate` is looked for anywhere in a line, before the key is: what Proxmox VE writes there is a note to itself. A
 * value of blanks alone is the last of them, for a pattern that asks for one character and gives back no more.
 */
function propertyOf(text: string): Reading | undefined {
  const [, key] = /^([a-z][a-z_]*\d*):/.exec(text) ?? [];
  const after = key === undefined ? "" : text.slice(key.length + 1);
  const value = trimBlanks(after) || after.slice(-1);
  if (key !== "description" || trimBlanks(after) === "") {
    const state = text.includes("snapstate:") && /snapstate:[ \t-\r]*(prepare|delete)[ \t-\r]*$/.exec(text);
    if (state) return { kind: "property", key: "snapstate", value: state[1]! };
  }
  return key === undefined || value === "" ? undefined : { kind: "property", key, value };
}
