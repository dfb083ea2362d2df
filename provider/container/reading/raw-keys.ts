/** What Proxmox VE makes of a raw key. */
export type RawKey =
  | { kind: "valid"; since?: string }
  /** kept, with a warning */
  | { kind: "deprecated"; renamed?: string; said: string; since?: string }
  /** dropped, with a warning that says why */
  | { kind: "refused"; said: string }
  /** dropped, as a line that can't be parsed */
  | { kind: "unknown" };

/**
 * The keys that Proxmox VE takes, without the families below.
 * Source: pve-container 6.0, `$valid_lxc_conf_keys`. Not among them, and so dropped: `lxc.no_new_privs`,
 * `lxc.keyring.session`, `lxc.namespace.*`, `lxc.proc.*`, `lxc.hook.start-host`, `lxc.tty.dir`, and every `lxc.sysctl.*`
 * that no IPC namespace holds.
 */
const valid = new Set(
  `
    apparmor.profile apparmor.allow_incomplete apparmor.allow_nesting apparmor.raw selinux.context include arch uts.name
    signal.halt signal.reboot signal.stop init.cmd init.cwd pty.max console.logfile console.path tty.max devtty.dir
    hook.autodev autodev kmsg mount.fstab mount.entry mount.auto rootfs.mount cap.drop cap.keep seccomp.profile
    seccomp.notify.proxy seccomp.notify.cookie idmap hook.pre-start hook.pre-mount hook.mount hook.start hook.stop
    hook.post-stop hook.clone hook.destroy hook.version log.level log.file start.auto start.delay start.order group
    environment sysctl.fs.mqueue sysctl.kernel.msgmax sysctl.kernel.msgmnb sysctl.kernel.msgmni sysctl.kernel.sem
    sysctl.kernel.shmall sysctl.kernel.shmmax sysctl.kernel.shmmni sysctl.kernel.shm_rmid_forced
  `
    .trim()
    .split(/\s+/)
    .map((key) => `lxc.${key}`),
);

/**
 * Keys that Proxmox VE 9.1 brought with its application containers (OCI images). The three for the user of `init` are
 * what its container creation writes; the list above was read from a version that did not have them yet.
 */
const since91 = new Set(["lxc.environment.runtime", "lxc.environment.hooks", "lxc.init.uid", "lxc.init.gid", "lxc.init.groups"]);

const refused: Record<string, string> = {
  "lxc.rootfs.path": "lxc.rootfs.path is auto generated from rootfs",
  "lxc.rootfs.options": 'lxc.rootfs.options is not supported, please use mount point options in the "rootfs" key',
};

/** Names of LXC 2, removed with LXC 3.0. Source: pve-container, `$deprecated_lxc_conf_keys`. */
const renamed: Record<string, string> = {
  "lxc.aa_profile": "lxc.apparmor.profile",
  "lxc.aa_allow_incomplete": "lxc.apparmor.allow_incomplete",
  "lxc.console": "lxc.console.path",
  "lxc.devttydir": "lxc.tty.dir",
  "lxc.haltsignal": "lxc.signal.halt",
  "lxc.rebootsignal": "lxc.signal.reboot",
  "lxc.stopsignal": "lxc.signal.stop",
  "lxc.id_map": "lxc.idmap",
  "lxc.init_cmd": "lxc.init.cmd",
  "lxc.loglevel": "lxc.log.level",
  "lxc.logfile": "lxc.log.file",
  "lxc.mount": "lxc.mount.fstab",
  "lxc.network.type": "lxc.net.INDEX.type",
  "lxc.network.flags": "lxc.net.INDEX.flags",
  "lxc.network.link": "lxc.net.INDEX.link",
  "lxc.network.mtu": "lxc.net.INDEX.mtu",
  "lxc.network.name": "lxc.net.INDEX.name",
  "lxc.network.hwaddr": "lxc.net.INDEX.hwaddr",
  "lxc.network.ipv4": "lxc.net.INDEX.ipv4.address",
  "lxc.network.ipv4.gateway": "lxc.net.INDEX.ipv4.gateway",
  "lxc.network.ipv6": "lxc.net.INDEX.ipv6.address",
  "lxc.network.ipv6.gateway": "lxc.net.INDEX.ipv6.gateway",
  "lxc.network.script.up": "lxc.net.INDEX.script.up",
  "lxc.network.script.down": "lxc.net.INDEX.script.down",
  "lxc.pts": "lxc.pty.max",
  "lxc.se_context": "lxc.selinux.context",
  "lxc.seccomp": "lxc.seccomp.profile",
  "lxc.tty": "lxc.tty.max",
  "lxc.utsname": "lxc.uts.name",
};

/**
 * What Proxmox VE makes of a raw key, and in which words it says so.
 *
 * - `lxc.cgroup.*` (cgroup v1) draws its warning from pve-container 6.1.6 on, in the words of 6.1.10;
 * - `lxc.cgroup2.*`, `lxc.prlimit.*` and `lxc.net.*` are taken whatever follows.
 *
 * Source: pve-container, `is_valid_lxc_conf_key`.
 */
export function rawKey(key: string): RawKey {
  if (key.startsWith("lxc.limit.")) {
    return {
      kind: "deprecated",
      renamed: key.replace("lxc.limit.", "lxc.prlimit."),
      said: `${key}: lxc.limit.* was renamed to lxc.prlimit.*`,
    };
  }
  if (key.startsWith("lxc.cgroup.")) {
    const to = cgroup2(key.slice("lxc.cgroup.".length));
    const said = `${key} is deprecated, this will be a hard error in the future!`;
    return { kind: "deprecated", ...(to === undefined ? {} : { renamed: to }), said, since: "pve-container 6.1.6" };
  }
  const name = own(renamed, key);
  if (name !== undefined) return { kind: "deprecated", renamed: name, said: `${key} is deprecated and was renamed to ${name}` };
  const said = own(refused, key);
  if (said !== undefined) return { kind: "refused", said: `${key}: ${said}` };
  if (valid.has(key)) return { kind: "valid" };
  if (since91.has(key)) return { kind: "valid", since: "Proxmox VE 9.1" };
  return /^lxc\.(?:cgroup2|prlimit|net)\./.test(key) ? { kind: "valid" } : { kind: "unknown" };
}

/** The name of a setting of cgroup v1 in v2, where one means the same. Source: Documentation/admin-guide/cgroup-v2.rst of the kernel. */
function cgroup2(rest: string): string | undefined {
  if (rest === "memory.limit_in_bytes") return "lxc.cgroup2.memory.max";
  return /^(?:devices\.(?:allow|deny)|cpuset\.(?:cpus|mems)|pids\.max)$/.test(rest) ? `lxc.cgroup2.${rest}` : undefined;
}

const own = (table: Record<string, string>, key: string): string | undefined => (Object.hasOwn(table, key) ? table[key] : undefined);
