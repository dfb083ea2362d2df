import { parseOptions } from "../../conf.js";
import { propertyType } from "../properties.js";
import type { Facts, Kept } from "./facts.js";
import { error, type Finding } from "./finding.js";

/** Values that Proxmox VE takes when it reads the file, and stumbles over later. Source: pve-container, `$confdesc`. */
export const values = ({ properties }: Facts): Finding[] =>
  [...properties.values()].flatMap((kept) => {
    const wrong = /^dev\d+$/.test(kept.key) ? device(kept) : kept.key === "features" ? features(kept) : other(kept);
    return wrong.map((what) =>
      error("invalid-value", kept.line, `${kept.key}: ${what}`, "The container does not start as it is declared."),
    );
  });

function other({ key, value }: Kept): string[] {
  const type = propertyType(key);
  if (type === "integer" && !/^\d+$/.test(value)) return ["must be a whole number"];
  if (type === "number" && !/^\d+(?:\.\d+)?$/.test(value)) return ["must be a number"];
  if (key === "lock" && !locks.has(value)) return ["is no lock that Proxmox VE knows; `pct unlock` on the node takes it away"];
  return [];
}

const locks = new Set(["backup", "create", "destroyed", "disk", "fstrim", "migrate", "mounted", "rollback", "snapshot", "snapshot-delete"]);

/** `deny-write` came with pve-container 5.2.0, the property with 5.0.7. */
function device({ value }: Kept): string[] {
  const checks: Record<string, (option: string) => string | undefined> = {
    path: (path) => (/^\/dev\//.test(path) && !/\/\.\.?(?:\/|$)/.test(path) ? undefined : "must be a path below /dev, without . and .."),
    mode: (mode) => (/^0[0-7]{3}$/.test(mode) ? undefined : "mode must be octal, such as 0666"),
    uid: (id) => (/^\d+$/.test(id) ? undefined : "uid must be a number"),
    gid: (id) => (/^\d+$/.test(id) ? undefined : "gid must be a number"),
    "deny-write": (deny) => (boolean.test(deny) ? undefined : "deny-write must be 0 or 1"),
  };
  const options = parseOptions(value, "path");
  const missing = options.has("path") ? [] : ["names no device"];
  return [
    ...missing,
    ...[...options].flatMap(([key, option]) => (Object.hasOwn(checks, key) ? (checks[key]!(option) ?? []) : [`has no option \`${key}\``])),
  ];
}

const boolean = /^(?:0|1|on|off|yes|no|true|false)$/i;
const switches = new Set(["nesting", "keyctl", "fuse", "mknod", "force_rw_sys"]);

function features({ value }: Kept): string[] {
  return [...parseOptions(value)].flatMap(([key, option]) => {
    if (key === "mount") return /^[a-zA-Z0-9_; ]+$/.test(option) ? [] : ["mount must be file systems, separated by ;"];
    if (!switches.has(key)) return [`has no option \`${key}\``];
    return boolean.test(option) ? [] : [`${key} must be 0 or 1`];
  });
}
