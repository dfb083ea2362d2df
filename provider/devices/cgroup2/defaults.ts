import { standardDeviceRules } from "../standard.js";
import type { DeviceLine } from "./line.js";

/**
 * What LXC has read before a container's own lines: for a privileged one a list of what any system needs
 * (`common.conf`), for an unprivileged one that all is allowed (`userns.conf`, which Proxmox VE takes for it: there
 * allow rules do nothing, and only a deny hardens).
 */
export function defaultLines(unprivileged: boolean): DeviceLine[] {
  if (unprivileged) return [{ action: "allow", value: "a" }];
  const standard = standardDeviceRules.map(({ action, rule }): DeviceLine => ({ action, value: rule }));
  // /dev/fuse
  return [{ action: "deny", value: "a" }, ...standard, { action: "allow", value: "c 10:229 rwm" }];
}
