import { expect } from "chai";
import { decide, type Access } from "../../../provider/apparmor/policy/index.js";
import { policy } from "./policies.js";

const file = (permissions: string, path: string, more: { owner?: boolean; target?: string } = {}): Access => ({
  class: "file",
  path,
  permissions,
  ...more,
});

/** What becomes of an access: `allow`, `deny` (by a rule), `none` (no rule); `+` when it is logged; how an exec goes on. */
function verdict(rules: string, access: Access, flags = ""): string {
  const { allowed, audited, denial, transition } = decide(policy(rules, flags), access);
  return `${allowed ? "allow" : denial === "explicit" ? "deny" : "none"}${audited ? "+" : ""}${transition === undefined ? "" : ` ${transition}`}`;
}

const cases: [title: string, table: [rules: string, access: Access, expected: string, flags?: string][]][] = [
  [
    "files",
    [
      ["/a r,", file("r", "/a"), "allow"],
      ["/a r,", file("w", "/a"), "none+"],
      ["/a w,", file("a", "/a"), "allow"],
      ["/a a,", file("w", "/a"), "none+"],
      ["/a rw, deny /a w,", file("r", "/a"), "allow"],
      ["/a rw, deny /a w,", file("w", "/a"), "deny"],
      ["/a rw, audit deny /a w,", file("w", "/a"), "deny+"],
      ["priority=1 /a w, deny /a w,", file("w", "/a"), "allow"],
      ["/a w, priority=-1 deny /a w,", file("w", "/a"), "allow"],
      ["audit /a r, /a w,", file("r", "/a"), "allow+"],
      ["audit /a r, /a w,", file("w", "/a"), "allow"],
      ["owner /a r,", file("r", "/a"), "allow"],
      ["owner /a r,", file("r", "/a", { owner: false }), "none+"],
      ["file,", file("rwkm", "/any/thing"), "allow"],
      ["file,", file("x", "/any/thing"), "allow ix"],
      ["/a//b r,", file("r", "/a/b"), "allow"],
      ["@{X}=/a /b\n/t { @{X}/c r, }", file("r", "/b/c"), "allow"],
      ["alias /a -> /b,\n/t { /a/c r, }", file("r", "/b/c"), "allow"],
      ["prompt /a r,", file("r", "/a"), "deny+"],
    ],
  ],
  [
    "exec",
    [
      ["/a ix,", file("x", "/a"), "allow ix"],
      ["/a ix,", file("m", "/a"), "allow"],
      ["/a Px,", file("m", "/a"), "none+"],
      ["/a Px -> b,", file("x", "/a"), "allow Px -> b"],
      ["/a cx -> b,", file("x", "/a"), "allow px -> /t//b"],
      ["/* ix, /a Px,", file("x", "/a"), "allow Px"],
      ["/* ix, /a Px,", file("x", "/b"), "allow ix"],
      ["/a pux,", file("x", "/a"), "allow pux"],
      ["/a PUx,", file("x", "/a"), "allow PUx"],
      ["/a ix, deny /a x,", file("x", "/a"), "deny"],
      ["unsafe /a Px,", file("x", "/a"), "allow px"],
    ],
  ],
  [
    "links",
    [
      ["link /a -> /b,", file("l", "/a", { target: "/b" }), "allow"],
      ["link /a -> /b,", file("l", "/a", { target: "/c" }), "none+"],
      ["link /a -> /b,", file("l", "/a"), "allow"],
      ["/b r,", file("l", "/a"), "none+"],
      ["/a l, /b r,", file("l", "/a", { target: "/b" }), "allow subset"],
      ["/a rl, /b r,", file("l", "/a", { target: "/b" }), "allow subset"],
      ["/a rwl, /b r,", file("l", "/a", { target: "/b" }), "none+"],
      ["/a l, deny /a l,", file("l", "/a", { target: "/b" }), "deny"],
    ],
  ],
  [
    "capabilities",
    [
      ["capability net_admin,", { class: "capability", capability: "net_admin" }, "allow"],
      ["capability net_admin,", { class: "capability", capability: "sys_admin" }, "none+"],
      ["capability, deny capability sys_module,", { class: "capability", capability: "sys_module" }, "deny"],
      ["audit capability,", { class: "capability", capability: "sys_module" }, "allow+"],
    ],
  ],
  [
    "sockets",
    [
      ["network inet stream,", { class: "network", family: "inet", type: "stream" }, "allow"],
      ["network inet tcp,", { class: "network", family: "inet", type: "stream" }, "allow"],
      ["network inet stream,", { class: "network", family: "inet", type: "dgram" }, "none+"],
      ["network,", { class: "network", family: "packet", type: "raw" }, "allow"],
      ["network, deny network packet,", { class: "network", family: "packet", type: "raw" }, "deny"],
      ["network (create) inet,", { class: "network", family: "inet", type: "stream", access: ["create"] }, "allow"],
      ["network (create) inet,", { class: "network", family: "inet", type: "stream", access: ["send"] }, "none+"],
      [
        "network (bind) inet port=80-90,",
        { class: "network", family: "inet", type: "stream", access: ["bind"], local: { port: 85 } },
        "allow",
      ],
      [
        "network (bind) inet port=80-90,",
        { class: "network", family: "inet", type: "stream", access: ["bind"], local: { port: 91 } },
        "none+",
      ],
      [
        "network (connect) inet peer=(ip=10.0.0.1),",
        { class: "network", family: "inet", type: "stream", access: ["connect"], peer: { address: "10.0.0.1" } },
        "allow",
      ],
      [
        "network (connect) inet peer=(ip=10.0.0.1),",
        { class: "network", family: "inet", type: "stream", access: ["connect"], peer: { address: "10.0.0.2" } },
        "none+",
      ],
      ["network unix,", { class: "unix", access: ["connect"], peer: { address: "@x" } }, "allow"],
      [
        "unix (connect) type=stream peer=(addr=@a*),",
        { class: "unix", type: "stream", access: ["connect"], peer: { address: "@ab" } },
        "allow",
      ],
      [
        "unix (connect) type=stream peer=(addr=@a*),",
        { class: "unix", type: "stream", access: ["connect"], peer: { address: "@b" } },
        "none+",
      ],
      ["unix (bind) addr=@a,", { class: "unix", access: ["bind"], address: "@a" }, "allow"],
      ["unix (bind) addr=none,", { class: "unix", access: ["bind"], address: "none" }, "allow"],
      ["unix (bind) addr=auto,", { class: "unix", access: ["bind"], address: "auto" }, "allow"],
      ["unix (bind) addr=@a,", { class: "unix", access: ["bind"], address: "auto" }, "none+"],
      ["unix,", { class: "network", family: "unix", type: "stream" }, "allow"],
    ],
  ],
  [
    "other processes",
    [
      ["signal (send) set=(kill) peer=a,", { class: "signal", access: "send", signal: "kill", peer: "a" }, "allow"],
      ["signal (send) set=(kill) peer=a,", { class: "signal", access: "send", signal: "term", peer: "a" }, "none+"],
      ["signal (receive),", { class: "signal", access: "receive", signal: "rtmin+3", peer: "x//y" }, "allow"],
      ["signal peer=@{profile_name},", { class: "signal", access: "send", signal: "hup", peer: "/t" }, "allow"],
      ["ptrace (read) peer=lxc-*,", { class: "ptrace", access: "read", peer: "lxc-1" }, "allow"],
      ["ptrace (read) peer=lxc-*,", { class: "ptrace", access: "trace", peer: "lxc-1" }, "none+"],
      ["dbus send bus=system path=/a//b,", { class: "dbus", access: "send", bus: "system", path: "/a/b" }, "allow"],
      ["dbus bind bus=session name=org.*,", { class: "dbus", access: "bind", bus: "session", name: "org.x" }, "allow"],
      ["dbus bind bus=session name=org.*,", { class: "dbus", access: "bind", bus: "system", name: "org.x" }, "none+"],
      ["dbus eavesdrop,", { class: "dbus", access: "eavesdrop", bus: "system" }, "allow"],
      ["mqueue rw type=posix /q*,", { class: "mqueue", access: ["read", "write"], type: "posix", name: "/q1" }, "allow"],
      ["mqueue rw type=posix /q*,", { class: "mqueue", access: ["delete"], type: "posix", name: "/q1" }, "none+"],
      ["mqueue r 123,", { class: "mqueue", access: ["read"], type: "sysv", name: "123" }, "allow"],
      ["userns,", { class: "userns" }, "allow"],
      ["capability,", { class: "userns" }, "none+"],
      ["io_uring sqpoll,", { class: "io_uring", access: "sqpoll" }, "allow"],
      ["io_uring override_creds label=a,", { class: "io_uring", access: "override_creds", label: "a" }, "allow"],
      ["io_uring override_creds label=a,", { class: "io_uring", access: "override_creds", label: "b" }, "none+"],
    ],
  ],
  [
    "mounts",
    [
      ["mount,", { class: "mount", source: "/dev/x", target: "/mnt", fstype: "ext4", options: ["ro"] }, "allow"],
      ["mount,", { class: "remount", target: "/mnt", options: ["ro"] }, "allow"],
      ["mount fstype=ext4 /dev/x -> /mnt/,", { class: "mount", source: "/dev/x", target: "/mnt/", fstype: "ext4" }, "allow"],
      ["mount fstype=ext4 /dev/x -> /mnt/,", { class: "mount", source: "/dev/x", target: "/mnt/", fstype: "xfs" }, "none+"],
      ["mount options=(ro, nosuid) /a -> /b,", { class: "mount", source: "/a", target: "/b", options: ["ro", "nosuid"] }, "allow"],
      ["mount options=(ro, nosuid) /a -> /b,", { class: "mount", source: "/a", target: "/b", options: ["ro"] }, "none+"],
      ["mount options in (ro, nosuid) /a -> /b,", { class: "mount", source: "/a", target: "/b", options: ["ro"] }, "allow"],
      ["mount options in (ro, nosuid) /a -> /b,", { class: "mount", source: "/a", target: "/b", options: ["nodev"] }, "none+"],
      ["mount options=bind /a -> /b,", { class: "mount", source: "/a", target: "/b", options: ["bind"] }, "allow"],
      ["mount options=bind /a -> /b,", { class: "mount", source: "/a", target: "/b", options: ["rbind"] }, "none+"],
      ["mount options=rslave -> /,", { class: "mount", target: "/", options: ["rslave"] }, "allow"],
      ["remount options=ro /a,", { class: "remount", target: "/a", options: ["ro"] }, "allow"],
      ["remount options=ro /a,", { class: "remount", target: "/a" }, "none+"],
      ["umount /a/**,", { class: "umount", target: "/a/b" }, "allow"],
      ["umount /a/**,", { class: "umount", target: "/a/" }, "none+"],
      ["pivot_root oldroot=/old /new,", { class: "pivot_root", path: "/new", old: "/old" }, "allow"],
      ["pivot_root oldroot=/old /new,", { class: "pivot_root", path: "/new", old: "/x" }, "none+"],
    ],
  ],
  [
    "changes of profile",
    [
      ["change_profile -> lxc-*,", { class: "change_profile", target: "lxc-1" }, "allow"],
      ["change_profile -> lxc-*,", { class: "change_profile", target: "unconfined" }, "none+"],
      ["change_profile,", { class: "change_profile", target: "unconfined" }, "allow"],
      ["change_profile /bin/a -> b,", { class: "change_profile", target: "b", exec: "/bin/a" }, "allow safe"],
      ["change_profile unsafe /bin/a -> b,", { class: "change_profile", target: "b", exec: "/bin/a" }, "allow unsafe"],
      ["change_profile /bin/a -> b,", { class: "change_profile", target: "b", exec: "/bin/c" }, "none+"],
      ["change_profile -> b,", file("w", "/proc/1/attr/current"), "allow"],
      ["hat h { }", file("w", "/proc/12/attr/current"), "allow"],
      ["/a r,", file("w", "/proc/12/attr/current"), "none+"],
    ],
  ],
  [
    "limits",
    [
      ["set rlimit nofile <= 10,", { class: "rlimit", resource: "nofile", value: 10 }, "allow"],
      ["set rlimit nofile <= 10,", { class: "rlimit", resource: "nofile", value: 11 }, "deny"],
      ["set rlimit as <= 2MB,", { class: "rlimit", resource: "as", value: 2 ** 21 + 1 }, "deny"],
      ["/a r,", { class: "rlimit", resource: "nofile", value: Infinity }, "allow"],
    ],
  ],
  [
    "profile flags",
    [
      ["/a r,", file("r", "/a"), "allow", "flags=(complain)"],
      ["/a r,", file("w", "/a"), "allow+", "flags=(complain)"],
      ["deny /a w,", file("w", "/a"), "deny", "flags=(complain)"],
      // only a silent denial holds in complain mode; with one that is not, the kernel lets the whole request through
      ["/a w, deny /a w,", file("w", "/a"), "deny", "flags=(complain)"],
      ["/a w, audit deny /a w,", file("w", "/a"), "allow+", "flags=(complain)"],
      ["audit deny /a w,", file("w", "/a"), "allow+", "flags=(complain)"],
      ["deny /a w, audit deny /a w,", file("w", "/a"), "deny", "flags=(complain)"],
      ["/a r, deny /a w,", file("rw", "/a"), "deny", "flags=(complain)"],
      ["deny /a w,", file("rw", "/a"), "allow+", "flags=(complain)"],
      ["audit deny /a r, deny /a w,", file("rw", "/a"), "allow+", "flags=(complain)"],
      ["audit /a r, deny /a w,", file("rw", "/a"), "deny", "flags=(complain)"],
      ["deny /a w,", file("w", "/a"), "allow+", "flags=(complain, audit)"],
      ["deny /a w,", file("w", "/a"), "deny+", "flags=(audit)"],
      ["deny capability kill,", { class: "capability", capability: "kill" }, "deny", "flags=(complain)"],
      ["audit deny capability kill,", { class: "capability", capability: "kill" }, "allow+", "flags=(complain)"],
      ["deny change_profile -> b,", { class: "change_profile", target: "b" }, "allow+", "flags=(complain)"],
      // an exec goes on in a profile made for learning, and is logged unless silenced
      ["/b r,", file("x", "/a"), "allow+", "flags=(complain)"],
      ["deny /a x,", file("x", "/a"), "allow", "flags=(complain)"],
      ["deny /a rx,", file("rx", "/a"), "deny", "flags=(complain)"],
      ["/a r,", file("w", "/a"), "allow", "flags=(unconfined)"],
      ["/a r,", file("r", "/a"), "allow+", "flags=(audit)"],
      ["/a r,", file("w", "/a"), "none+", "flags=(kill)"],
    ],
  ],
  [
    "everything",
    [
      ["all,", file("rwkml", "/a"), "allow subset"],
      ["all,", file("x", "/a"), "allow ix"],
      ["all, deny /a x,", file("x", "/a"), "deny"],
      ["all,", { class: "network", family: "inet", type: "raw" }, "allow"],
      ["all,", { class: "mount", source: "/a", target: "/b", options: ["bind"] }, "allow"],
      ["all,", { class: "change_profile", target: "b" }, "none+"],
    ],
  ],
];

for (const [title, table] of cases) {
  describe(`decide: ${title}`, () => {
    for (const [rules, access, expected, flags] of table) {
      it(`${flags ?? ""} ${rules} ${JSON.stringify(access)}: ${expected}`, () => expect(verdict(rules, access, flags)).to.equal(expected));
    }
  });
}

describe("the rules that decide", () => {
  const behind = (rules: string, access: Access): string[] =>
    decide(policy(rules), access).rules.map(({ rule, document }) => document.text.slice(rule.span!.start, rule.span!.end));
  it("an allow", () => expect(behind("/a r, /* r, /b r,", file("r", "/a"))).to.deep.equal(["/a r,", "/* r,"]));
  it("a denial", () => expect(behind("/** rw, deny /a w,", file("rw", "/a"))).to.deep.equal(["deny /a w,"]));
  it("the highest priority", () => expect(behind("/** r, priority=2 /a r,", file("r", "/a"))).to.deep.equal(["priority=2 /a r,"]));
  it("nothing", () => expect(behind("/a r,", file("r", "/b"))).to.deep.equal([]));
});
