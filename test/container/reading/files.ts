import fc from "fast-check";
import { toBytes } from "../../../provider/bytes.js";

/** Any bytes at all, as the latin1 text they are read as. */
export const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString("latin1"));

const key = fc.constantFrom(
  "memory",
  "swap",
  "unprivileged",
  "onboot",
  "dev0",
  "dev1",
  "mp0",
  "features",
  "hostname",
  "foo",
  "lock",
  "description",
  "delete",
  "env",
);
const rawKey = fc.constantFrom(
  "lxc.idmap",
  "lxc.apparmor.profile",
  "lxc.apparmor.raw",
  "lxc.cap.drop",
  "lxc.cgroup2.devices.allow",
  "lxc.cgroup2.devices.deny",
  "lxc.mount.entry",
  "lxc.aa_profile",
  "lxc.cgroup.devices.allow",
  "lxc.no_new_privs",
  "lxc.rootfs.path",
  "lxc.environment.runtime",
  "lxc.prlimit.nofile",
);
const value = fc.oneof(
  fc.constantFrom(
    "1",
    "0",
    "yes",
    "maybe",
    "a",
    "c 195:* rwm",
    "u 0 100000 65536",
    "/dev/nvidia0,mode=0666",
    "unconfined",
    "",
    toBytes("voilà"),
    "\xe9t\xe9",
    "A=1\0B=2",
    "snapstate: delete",
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll("\n", "")),
  bytes.map((text) => text.replaceAll("\n", "").slice(0, 20)),
);
const blanks = fc.constantFrom("", " ", "\t", "  ", " \t");

const broken = fc.constantFrom("no colon", "swap :512", "memory = 1", " indented: x", "LXC.idmap: u", "[not closed", "snapstate: prepare", "snaptime: 1", "digest: x");
const structure = fc.constantFrom(
  "", "  ", "#", "# über: 100%", "#a%3A", "[pve:pending]", "[PVE:PENDING] ", "[one]", "[two]", "[Z_9]", "[a]", "[one]\t",
);

/** Lines that a declaration meets: what it would write, in other words, and what stands in its way. */
const met = fc.constantFrom(
  "features: nesting=1", "features:fuse=1,nesting=0", "features: keyctl=1,mount=nfs;cifs ", "features: nesting=",
  "rootfs: local:951/d.raw,size=8G", "rootfs:volume=local:x, mountoptions=discard;nosuid", "mp0: /srv,mp=/srv,ro=1", "mp0: /srv,mountoptions=noexec,ro=0,mp=/srv",
  "lxc.apparmor.profile: unconfined", "lxc.apparmor.profile = lxc-a", "lxc.apparmor.profile=lxc-a\t",
  "lxc.cap.drop: sys_time", "lxc.cap.drop: sys_module", "lxc.cap.drop:", "lxc.cap.drop =", "lxc.cap.keep: chown",
  "lxc.cgroup2.devices.allow: a", "lxc.cgroup2.devices.deny: a", "lxc.cgroup2.devices.deny =a ", "lxc.cgroup2.devices.deny =",
  "lxc.cgroup2.devices.allow: c 1:3 rwm", "lxc.cgroup2.devices.allow = c  195:* mrw", "lxc.cgroup2.devices.allow: nonsense",
  "lxc.idmap: u 0 100000 65536", "lxc.idmap = g\t0 100000 65536", "lxc.idmap:", "lxc.mount.auto: sys:rw",
  "lxc.mount.entry: /a a none bind", "lxc.mount.entry = /à  b none bind", "lxc.environment: A=1", "lxc.environment:", "lxc.prlimit.nofile: 1024",
  "lxc.seccomp.profile = /etc/seccomp/a", "lxc.sysctl.kernel.shmmax: 1",
);

const line = fc.oneof(
  { weight: 6, arbitrary: met.map(toBytes) },
  { weight: 3, arbitrary: fc.tuple(key, fc.constant(":"), blanks, value, blanks).map((parts) => parts.join("")) },
  { weight: 3, arbitrary: fc.tuple(rawKey, fc.constantFrom(":", "=", " =", "\t="), blanks, value, blanks).map((parts) => parts.join("")) },
  { weight: 2, arbitrary: structure.map(toBytes) },
  { weight: 1, arbitrary: broken },
  { weight: 1, arbitrary: bytes.map((text) => text.replaceAll("\n", "")) },
);

/** Seldom, as they take long. */
const huge = fc.oneof(
  { weight: 300, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom("#", "lxc.environment: A=", "memory: ", "snapstate:", "\xff").map((start) => start.padEnd(70_000, "\t x\0")) },
);

/** Files as people, scripts, editors and Proxmox VE leave them. */
export const conf = fc
  .tuple(fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n")), { maxLength: 25 }), fc.constantFrom("\n", "\r\n", undefined), fc.boolean(), huge)
  .map(([lines, end, ended, long]) => {
    const texts = lines.map(([text, eol]) => text + (end ?? eol));
    const all = (long === undefined ? texts : texts.toSpliced(texts.length / 2, 0, `${long}\n`)).join("");
    return ended ? all : all.replace(/\r?\n$/, "");
  });

export const runs = { numRuns: Number(process.env["PVE_POSTURE_FUZZ"] ?? 2000) };

/** How long a property may take, in milliseconds: the more runs, the longer. */
export const patience = Math.max(180_000, runs.numRuns * 20);
