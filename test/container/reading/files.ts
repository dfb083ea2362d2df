import fc from "fast-check";

const latin = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

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
    "voilà",
    "A=1\0B=2",
    "snapstate: delete",
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll("\n", "")),
  bytes.map((text) => text.replaceAll("\n", "").slice(0, 20)),
);
const blanks = fc.constantFrom("", " ", "\t", "  ", " \t");

const line = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(key, blanks, value, blanks).map(([k, before, v, after]) => `${k}:${before}${v}${after}`) },
  { weight: 4, arbitrary: fc.tuple(rawKey, fc.constantFrom(":", "=", " =", "\t="), blanks, value, blanks).map((parts) => parts.join("")) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "",
      "  ",
      "#",
      "# über: 100%",
      "#a%3A",
      "[pve:pending]",
      "[PVE:PENDING] ",
      "[one]",
      "[two]",
      "[Z_9]",
      "[a]",
      "[not closed",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "no colon",
      "swap :512",
      "memory = 1",
      " indented: x",
      "LXC.idmap: u",
      "snapstate: prepare",
      "snaptime: 1",
      "digest: x",
    ),
  },
  { weight: 1, arbitrary: bytes.map((text) => text.replaceAll("\n", "")) },
);

/** Files as people, scripts and Proxmox VE leave them. */
export const conf = fc
  .tuple(fc.array(fc.tuple(line, fc.constantFrom("\n", "\n", "\n", "\r\n")), { maxLength: 25 }), fc.boolean())
  .map(([lines, ended]) => latin(lines.map(([text, eol], i) => (ended || i < lines.length - 1 ? text + eol : text)).join("")));

export const runs = { numRuns: Number(process.env["PVE_POSTURE_FUZZ"] ?? 2000) };
