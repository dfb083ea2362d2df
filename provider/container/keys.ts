import { rawKey } from "./reading/raw-keys.js";

/**
 * What this library makes of the raw `lxc.*` keys of a container's configuration; which of them Proxmox VE takes stands
 * in `reading/raw-keys.ts`. Source: lxc.container.conf(5) for which keys repeat.
 */

const inputs: Record<string, string> = {
  "lxc.apparmor.profile": "apparmorProfile",
  "lxc.idmap": "idmap",
  "lxc.cgroup2.devices.allow": "deviceRules",
  "lxc.cgroup2.devices.deny": "deviceRules",
  "lxc.cap.drop": "capDrop",
  "lxc.cap.keep": "capKeep",
  "lxc.mount.entry": "mountEntries",
  "lxc.mount.auto": "mountAuto",
};

/** The input of `LxcContainerSecurity` that a key belongs to, when it has one of its own. */
export const ownInput = (key: string): string | undefined => (Object.hasOwn(inputs, key) ? inputs[key] : undefined);

/** Why a raw key can't be declared. */
export function rawKeyProblem(key: string): string | undefined {
  if (!/^lxc\.[a-z0-9_.-]+$/.test(key)) return "must be a raw key such as lxc.prlimit.nofile";
  if (key.startsWith("lxc.cgroup.devices.")) return "is of cgroup v1, which Proxmox VE has left: use `deviceRules`";
  if (key.startsWith("lxc.cgroup.")) return "is of cgroup v1, which Proxmox VE has left: use lxc.cgroup2.*";
  const known = rawKey(key);
  if (known.kind === "refused") return "is set by Proxmox VE from `rootfs`, and refused here";
  if (known.kind === "deprecated" || /^lxc\.(?:aa_\w+|network\..+|rootfs|kmsg)$/.test(key)) {
    return "is a name of LXC 2: use the one of LXC 3 and newer (lxc.container.conf(5))";
  }
  return known.kind === "unknown" ? "is none that Proxmox VE takes: it drops the line the next time it writes the file" : undefined;
}

/** Inputs beside `raw` by which a key can be declared too. */
const otherInputs: Record<string, string> = { "lxc.apparmor.raw": "apparmorRules", "lxc.seccomp.profile": "seccompProfile" };

/** The input of `LxcContainerSecurity` that says the same as a raw key does, where there is one. */
export const otherInput = (key: string): string | undefined =>
  key.startsWith("lxc.prlimit.") ? `limits.${key.slice("lxc.prlimit.".length)}` : Object.hasOwn(otherInputs, key) ? otherInputs[key] : undefined;

/** Keys of which every line counts; of all others LXC takes the last. */
export const repeats = (key: string): boolean =>
  /^lxc\.(?:environment(?:\.\w+)?|include|group|hook\.[a-z-]+|apparmor\.raw|cap\.drop|mount\.entry|cgroup2\.devices\.(?:allow|deny))$/.test(key);

/** Keys whose values may hold secrets and are never shown. */
export const showsValue = (key: string): boolean =>
  /^(?:lxc\.(?:apparmor\.|idmap|cgroup2\.|cap\.|mount\.|prlimit\.|seccomp\.|no_new_privs)|dev\d+|features)/.test(key);
