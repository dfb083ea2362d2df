import { expect } from "chai";
import { checkConf } from "../../../provider/container/reading/check/index.js";

/** A container that nothing is to be said of: its lines come after those of a case. */
const sound = "arch: amd64\nunprivileged: 1\n";

/** Code and line of each finding. */
const found = (text: string): string[] =>
  checkConf(Buffer.from(text, "utf8").toString("latin1")).map(({ code, line }) => `${line} ${code}`);

describe("findings in a container's configuration", () => {
  it("has none for a container as Proxmox VE creates it", () => {
    const created = [
      "#a comment",
      "arch: amd64",
      "cores: 2",
      "features: nesting=1,keyctl=1",
      "hostname: web",
      "memory: 512",
      "net0: name=eth0,bridge=vmbr0,firewall=1,ip=dhcp,type=veth",
      "ostype: debian",
      "rootfs: local-zfs:subvol-951-disk-0,size=8G",
      "swap: 0",
      "dev0: /dev/nvidia0,mode=0666",
      "dev1: /dev/nvidia-uvm,gid=44,deny-write=1",
      "mp0: /srv/models,mp=/models,ro=1",
      "unprivileged: 1",
      "lxc.idmap: u 0 100000 65536",
      "lxc.idmap: g 0 100000 65536",
      "lxc.prlimit.nofile: 1024",
      "lxc.apparmor.raw: deny /x r,",
      "",
      "[one]",
      "cores: 1",
      "snaptime: 1",
      "lxc.prlimit.nofile: 1024",
      "",
    ];
    expect(checkConf(created.join("\n"))).to.deep.equal([]);
    expect(found(sound)).to.deep.equal([]);
  });

  const cases: Record<string, [name: string, lines: string[], findings: string[]][]> = {
    "what Proxmox VE drops": [
      [
        "lines it can't read",
        ["no colon", " memory: 512", "swap = 0", "Cores: 1", "memory:", "lxc.tty.max : 1"],
        [1, 2, 3, 4, 5, 6].map((line) => `${line} unparsable`),
      ],
      [
        "raw keys it doesn't know, refuses, or knows by another name",
        ["lxc.no_new_privs: 1", "lxc.rootfs.path: /x", "lxc.aa_profile: x", "lxc.cgroup.cpuset.cpus: 0"],
        ["1 unknown-raw-key", "2 refused-raw-key", "3 deprecated-raw-key", "4 deprecated-raw-key"],
      ],
      ["properties it doesn't know", ["colour: red", "dev256: /dev/x"], ["1 unknown-property", "2 unknown-property"]],
      ["the first of two dev0", ["dev0: /dev/a", "dev0: /dev/b"], ["1 repeated-property"]],
      ["the first of two that are equal is no loss", ["dev0: /dev/a", "dev0: /dev/a"], ["1 repeated-line"]],
      ["`delete` in the main section", ["delete: swap"], ["1 misplaced-delete"]],
      ["a word of its own", ["digest: x"], ["1 internal-key"]],
    ],
    sections: [
      ["a header that is none", ["[a]", "swap: 0"], ["1 unparsable"]],
      ["a section that begins twice", ["unprivileged: 1", "[one]", "cores: 1", "[one]", "swap: 1"], ["2 repeated-section"]],
      ["raw lines of pending changes", ["unprivileged: 1", "[pve:pending]", "lxc.prlimit.nofile: 1"], ["3 raw-line-pending"]],
      ["variables among the pending changes", ["unprivileged: 1", "[pve:pending]", "lxc.environment.runtime: A=1"], []],
      [
        "a raw line that was appended to the last snapshot",
        ["unprivileged: 1", "lxc.autodev: 1", "[one]", "lxc.autodev = 1", "lxc.cap.drop: syslog"],
        ["5 raw-line-in-snapshot"],
      ],
    ],
    "what stands twice": [
      [
        "a raw line, in another spelling",
        ["lxc.mount.entry: /srv/a a none bind 0 0", "lxc.mount.entry=/srv/a  a none bind 0 0"],
        ["2 repeated-line"],
      ],
      ["a key of which the last counts", ["lxc.prlimit.nofile: 1", "lxc.prlimit.nofile: 2"], ["1 overridden-line"]],
      [
        "keys of which every line counts",
        ["lxc.environment: A=1", "lxc.environment: B=1", "lxc.cap.drop: syslog", "lxc.cap.drop: mknod"],
        [],
      ],
      ["a device", ["dev0: /dev/a", "dev1: path=/dev/a"], ["2 repeated-device"]],
      ["a target", ["mp0: a:b,mp=/data", "lxc.mount.entry: /srv/x data none bind 0 0"], ["2 repeated-target"]],
    ],
    values: [
      ["numbers", ["memory: 12abc", "cpulimit: 1,5", "cores: 2"], ["1 invalid-value", "2 invalid-value"]],
      ["booleans", ["onboot: maybe"], ["1 invalid-value"]],
      [
        "devices",
        ["dev0: /etc/x", "dev1: /dev/../x", "dev2: /dev/x,mode=666", "dev3: gid=1", "dev4: /dev/y,colour=red"],
        [1, 2, 3, 4, 5].map((line) => `${line} invalid-value`),
      ],
      ["features", ["features: nesting=maybe,docker=1,mount=nfs;cifs"], ["1 invalid-value", "1 invalid-value"]],
      ["a lock", ["lock: mine"], ["1 invalid-value"]],
    ],
    AppArmor: [
      ["unconfined", ["lxc.apparmor.profile: unconfined"], ["1 apparmor-unconfined"]],
      ["a name that lxc-start may not change to", ["lxc.apparmor.profile: web"], ["1 profile-name"]],
      ["a name that is too long", [`lxc.apparmor.profile: lxc-${"a".repeat(250)}`], ["1 profile-name"]],
      ["nesting together with a profile", ["features: nesting=1", "lxc.apparmor.profile: lxc-web"], ["2 profile-drops-features"]],
      ["a profile alone", ["features: keyctl=1,nesting=0", "lxc.apparmor.profile: lxc-web"], []],
      ["`generated`, which is the default, and less when it is set", ["lxc.apparmor.profile: generated"], ["1 generated-is-set"]],
      [
        "rules for a generated profile that there is not",
        ["lxc.apparmor.profile: lxc-web", "lxc.apparmor.raw: deny /x r,", "lxc.apparmor.allow_nesting: 1"],
        ["2 apparmor-line-unused", "3 apparmor-line-unused"],
      ],
      ["a kernel that can't enforce it all", ["lxc.apparmor.allow_incomplete: 1"], ["1 apparmor-incomplete"]],
      ["of two profiles the last counts", ["lxc.apparmor.profile: unconfined", "lxc.apparmor.profile: lxc-web"], ["1 overridden-line"]],
    ],
    devices: [
      ["an allow rule of an unprivileged container", ["lxc.cgroup2.devices.allow: c 195:* rwm"], ["1 device-rule-without-effect"]],
      ["behind deny-all it counts", ["lxc.cgroup2.devices.deny: a", "lxc.cgroup2.devices.allow: c 195:* rwm"], []],
      [
        "before deny-all it is forgotten",
        ["lxc.cgroup2.devices.allow: c 195:* rwm", "lxc.cgroup2.devices.deny: a", "lxc.cgroup2.devices.allow: c 1:3 rwm"],
        ["1 device-rule-forgotten"],
      ],
      ["a deny-all without an allow", ["lxc.cgroup2.devices.deny: a"], ["1 deny-all-denies-nothing"]],
      ["a rule that LXC can't read", ["lxc.cgroup2.devices.deny: all"], ["1 device-rule-refused"]],
      [
        "a device that a deny-all takes away",
        ["dev0: /dev/nvidia0", "lxc.cgroup2.devices.deny: a", "lxc.cgroup2.devices.allow: c 1:3 rwm"],
        ["1 device-denied"],
      ],
      [
        "a device that is allowed again",
        ["dev0: /dev/nvidia0", "lxc.cgroup2.devices.deny: a", "lxc.cgroup2.devices.allow: c 195:0 rw"],
        [],
      ],
      [
        "a device that is bound by hand",
        ["lxc.cgroup2.devices.deny: a", "lxc.cgroup2.devices.allow: c 1:3 rwm", "lxc.mount.entry: /dev/dri dev/dri none bind,create=dir"],
        ["3 device-denied"],
      ],
      [
        "one whose number nobody knows, where a rule may be meant for it",
        [
          "lxc.cgroup2.devices.deny: a",
          "lxc.cgroup2.devices.allow: c 508:* rw",
          "lxc.mount.entry: /dev/nvidia-uvm dev/nvidia-uvm none bind,create=file",
        ],
        [],
      ],
      [
        "and where none may",
        [
          "lxc.cgroup2.devices.deny: a",
          "lxc.cgroup2.devices.allow: c 195:* rw",
          "lxc.mount.entry: /dev/nvidia-uvm dev/nvidia-uvm none bind,create=file",
        ],
        ["3 device-denied"],
      ],
    ],
    "ids, capabilities and mounts": [
      ["a map without groups", ["lxc.idmap: u 0 100000 65536"], ["1 idmap-incomplete"]],
      ["a map with a hole", ["lxc.idmap: u 0 100000 1000", "lxc.idmap: g 0 100000 65536"], ["1 idmap-incomplete"]],
      ["a map with an overlap", ["lxc.idmap: u 0 100000 65536", "lxc.idmap: u 1000 1000 1", "lxc.idmap: g 0 100000 65536"], ["1 idmap"]],
      ["a map that can't be read", ["lxc.idmap: b 0 100000 65536"], ["1 idmap-line"]],
      ["a map that is cleared", ["lxc.idmap: "], ["1 idmap-line"]],
      ["root as root", ["lxc.idmap: u 0 0 65536", "lxc.idmap: g 0 100000 65536"], ["1 idmap-host-root"]],
      ["drops that are cleared", ["lxc.cap.drop:"], ["1 drops-cleared"]],
      ["drops that are cleared to keep some", ["lxc.cap.drop:", "lxc.cap.keep: syslog"], []],
      ["drops and keeps", ["lxc.cap.drop: mknod", "lxc.cap.keep: syslog"], ["2 drop-and-keep"]],
      ["capabilities with commas", ["lxc.cap.keep: syslog,mknod"], ["1 capability-list"]],
      [
        "capabilities that there are not",
        ["lxc.cap.drop: sys_admn mknod", "lxc.cap.drop: CAP_SYS_TIME", "lxc.cap.drop: 99"],
        [1, 2, 3].map((line) => `${line} unknown-capability`),
      ],
      ["capabilities by number, and none", ["lxc.cap.drop:", "lxc.cap.keep: none 12 40 sys_nice"], []],
      [
        "words of lxc.mount.auto that there are not",
        ["lxc.mount.auto: proc:mixd sys", "lxc.mount.auto: proc:ro", "lxc.mount.auto: shmounts:"],
        [1, 2, 3].map((line) => `${line} unknown-auto-mount`),
      ],
      [
        "all that there are",
        ["lxc.mount.auto: proc proc:mixed sys:ro cgroup:force cgroup-full:mixed:force shmounts:/run/x:/dev/y", "lxc.mount.auto:"],
        [],
      ],
      [
        "limits that there are not",
        ["lxc.prlimit.nofil: 1", "lxc.prlimit.ofile: 1", "lxc.prlimit.memory: 1"],
        ["1 unknown-limit", "2 unknown-limit", "3 unknown-limit"],
      ],
      [
        "limits that are none",
        ["as: soft:hard", "nproc: 1k", "nofile: unlimitd", "core: 1:2:3", "cpu: 2:1", "data: unlimited:5", "rss: 1 2"].map(
          (limit) => `lxc.prlimit.${limit}`,
        ),
        [1, 2, 3, 4, 5, 6, 7].map((line) => `${line} invalid-limit`),
      ],
      [
        "limits of all forms",
        [
          "as: unlimited",
          "nproc: 1:2",
          "nofile: 1024 : unlimited",
          "core: 0",
          "cpu: 5:",
          "data: -1",
          "rss:",
          "stack: unlimited:unlimited",
        ].map((limit) => `lxc.prlimit.${limit}`),
        [],
      ],
      [
        "writable /proc and /sys",
        ["lxc.mount.auto: proc:rw sys:mixed cgroup:rw:force"],
        ["1 mount-auto-writable", "1 mount-auto-writable"],
      ],
      ["a target with a slash", ["lxc.mount.entry: /srv/x /data none bind 0 0"], ["1 mount-target-absolute"]],
      ["half a line of fstab", ["lxc.mount.entry: /srv/x data"], ["1 mount-entry"]],
      [
        "directories of the node",
        [
          "mp0: /etc/pve,mp=/pve",
          "mp1: /,mp=/host",
          "mp2: /srv/x,mp=/x",
          "lxc.mount.entry: /run/docker.sock run/docker.sock none bind,create=file",
        ],
        ["1 mount-of-node", "2 mount-of-node", "4 mount-of-node"],
      ],
    ],
  };
  for (const [group, list] of Object.entries(cases)) {
    describe(group, () => {
      for (const [name, lines, findings] of list) {
        it(name, () => {
          const text = lines.some((line) => line.startsWith("unprivileged")) ? lines.join("\n") : `${lines.join("\n")}\n${sound}`;
          expect(found(text)).to.deep.equal(findings);
        });
      }
    });
  }

  describe("privileged containers", () => {
    const privileged: [name: string, text: string, findings: string[]][] = [
      ["nothing says that it is none", "arch: amd64\n", ["1 privileged"]],
      [
        "it says so, with nesting and keyctl",
        "features: nesting=1,keyctl=1\nunprivileged: 0\n",
        ["1 privileged-nesting", "1 feature-without-effect", "2 privileged"],
      ],
      ["what is no boolean counts as yes, as for Proxmox VE", "unprivileged: maybe\n", ["1 invalid-value"]],
      ["ids are mapped whatever `unprivileged` says", "lxc.idmap: u 0 100000 65536\nlxc.idmap: g 0 100000 65536\n", []],
      ["allow rules count", "unprivileged: 0\nlxc.cgroup2.devices.allow: c 195:* rwm\n", ["1 privileged"]],
      ["every device", "unprivileged: 0\nlxc.cgroup2.devices.allow: a\n", ["1 privileged", "2 all-devices-allowed"]],
      [
        "a device that is bound, and not allowed",
        "unprivileged: 0\nlxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind,create=file\n",
        ["1 privileged", "2 device-denied"],
      ],
      ["Proxmox VE allows dev0 itself", "unprivileged: 0\ndev0: /dev/nvidia0\ndev1: /dev/kfd\n", ["1 privileged"]],
      ["LXC's defaults drop capabilities", "unprivileged: 0\nlxc.cap.keep: syslog\n", ["1 privileged", "2 drop-and-keep"]],
    ];
    for (const [name, text, findings] of privileged) it(name, () => expect(found(text)).to.deep.equal(findings));
  });

  it("says why a deny-all denies nothing", () => {
    const message = (lines: string[]) =>
      checkConf(`${lines.join("\n")}\n${sound}`).find(({ code }) => code === "deny-all-denies-nothing")?.message;
    expect(message(["lxc.cgroup2.devices.deny: a"])).to.contain("none stands behind it");
    const refused = message(["lxc.cgroup2.devices.deny: a", "lxc.cgroup2.devices.allow: c 195: rwm"]);
    expect(refused).to.contain("it refuses the one in line 2").and.not.contain("none stands behind");
  });

  it("says what was probably meant", () => {
    const hints = checkConf(`lxc.cap.drop: sys_admn\nlxc.mount.auto: proc:mixd\nlxc.prlimit.nofil: 1\n${sound}`).map(({ hint }) => hint);
    expect(hints).to.deep.equal(["sys_admin", "proc:mixed", "nofile"].map((name) => `Did you mean \`${name}\`?`));
  });

  it("a file that is too large", () => expect(found(`${sound}#${"x".repeat(1024 * 1024)}\n`)).to.deep.equal(["1 too-large"]));

  it("no line and no number of lines takes long", () => {
    for (const text of [" ", "a", "lxc.a:", "snapstate: ", "[a", "lxc.cgroup2.devices.allow: c 1:3 rwm\n", "dev0: /dev/a\n", "a\n"].map(
      (part) => part.repeat(2 ** 18 / part.length),
    )) {
      const before = Date.now();
      checkConf(text);
      expect(Date.now() - before, text.slice(0, 20)).to.be.below(10_000);
    }
  }).timeout(60_000);

  it("tells what to do, and no value that may be a secret", () => {
    const text = [
      "lxc.environment: A=hunter2",
      "lxc.environment: A=hunter2",
      "lxc.hook.start: /x hunter2",
      "lxc.no_new_privs: hunter2",
      "env: hunter2",
      "env: hunter2",
      "lxc.start.order: hunter2",
      "lxc.start.order: hunter3",
    ].join("\n");
    const findings = checkConf(text);
    expect(findings).to.have.length.above(3);
    for (const { message, hint } of findings) {
      expect(hint).not.to.equal("");
      expect(message + hint).not.to.contain("hunter");
    }
  });
});
