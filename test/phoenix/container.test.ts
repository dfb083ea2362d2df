import { expect } from "chai";
import { parsePhoenix, phoenixContainer, reportPhoenix } from "../../provider/phoenix/index.js";
import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { failure } from "./failure.js";

type Properties = Record<string, unknown>;
type Security = Partial<LxcContainerSecurityInputs>;

const configs = (properties: Properties, others: Record<string, Properties> = {}) =>
  parsePhoenix(JSON.stringify({ lxc_configs: { ...others, 951: { name: "x", unprivileged: true, ...properties } } }));
const posture = (properties: Properties, profiles?: Record<string, string>, others?: Record<string, Properties>) =>
  phoenixContainer(configs(properties, others), 951, { node: "pve", profiles });
const security = (properties: Properties): Security => {
  const { node, vmid, ...declared } = posture(properties).security;
  expect({ node, vmid }).to.deep.equal({ node: "pve", vmid: 951 });
  return declared;
};

const wholeMap = [{ type: "both", container: 0, host: 100_000, count: 65_536 }] as const;
const dockerRules = [
  { action: "allow", rule: "c 10:200 rwm" },
  { action: "allow", rule: "c 10:229 rwm" },
] as const;

/** What a container of the file says, and what is declared for it. */
const mappings: Record<string, [Properties, Security][]> = {
  "AppArmor": [
    [{}, {}],
    [{ apparmor_profile: "lxc-gpu-docker-storage" }, { apparmorProfile: "lxc-gpu-docker-storage" }],
    [{ apparmor_profile: "generated" }, { apparmorProfile: "generated" }],
    [{ apparmor_profile: "unconfined" }, {}],
    [{ apparmor_profile: "unconfined", lxc_options: ["lxc.apparmor.profile=unconfined"] }, { apparmorProfile: "unconfined" }],
    [{ apparmor_profile: "lxc-a", lxc_options: ["lxc.apparmor.profile: lxc-a"] }, { apparmorProfile: "lxc-a" }],
    [{ apparmor_profile: "unconfined", lxc_options: ["lxc.apparmor.profile: lxc-a"] }, { apparmorProfile: "lxc-a" }],
  ],
  "ids": [
    [{ gpu_assignment: "0" }, { idmap: [...wholeMap] }],
    [{ gpu_assignment: "none" }, {}],
    [{ gpu_assignment: "0", unprivileged: false }, {}],
    [
      { id_maps: [{ type: "gid", container_id: 33, host_id: 33, size: 1 }] },
      {
        idmap: [
          { type: "u", container: 0, host: 100_000, count: 65_536 },
          { type: "g", container: 0, host: 100_000, count: 33 },
          { type: "g", container: 33, host: 33, count: 1 },
          { type: "g", container: 34, host: 100_034, count: 65_502 },
        ],
      },
    ],
    [
      {
        gpu_assignment: "0",
        id_maps: [
          { type: "gid", container_id: 1000, host_id: 1000, size: 1 },
          { type: "uid", container_id: 1000, host_id: 1000, size: 1 },
        ],
      },
      {
        idmap: [
          { type: "both", container: 0, host: 100_000, count: 1000 },
          { type: "both", container: 1000, host: 1000, count: 1 },
          { type: "both", container: 1001, host: 101_001, count: 64_535 },
        ],
      },
    ],
    [
      { id_maps: [{ type: "both", container_id: 0, host_id: 5000, size: 10 }, { type: "both", container_id: 70_000, host_id: 1, size: 5 }] },
      {
        idmap: [
          { type: "both", container: 0, host: 5000, count: 10 },
          { type: "both", container: 10, host: 100_010, count: 65_526 },
          { type: "both", container: 70_000, host: 1, count: 5 },
        ],
      },
    ],
    [{ id_maps: [] }, {}],
    [
      { gpu_assignment: "0", lxc_options: ["lxc.idmap=u 0 200000 65536", "lxc.idmap: g 0 200000 65536"] },
      {
        idmap: [
          { type: "u", container: 0, host: 200_000, count: 65_536 },
          { type: "g", container: 0, host: 200_000, count: 65_536 },
        ],
      },
    ],
    [{ lxc_options: ["lxc.idmap=b 0 200000 65536"] }, { idmap: [{ type: "both", container: 0, host: 200_000, count: 65_536 }] }],
  ],
  "pct_options": [
    [{ pct_options: [] }, {}],
    [{ pct_options: ["nesting=1", "keyctl=1"] }, { features: { nesting: true, keyctl: true } }],
    [{ pct_options: ["nesting=1,keyctl=0"] }, { features: { nesting: true, keyctl: false } }],
    [{ pct_options: ["features=nesting=1,fuse=1"] }, { features: { nesting: true, fuse: true } }],
    [{ pct_options: ["features: mknod=1"] }, { features: { mknod: true } }],
    [{ pct_options: ["--features force_rw_sys=on,mount=nfs;cifs"] }, { features: { force_rw_sys: true, mount: ["nfs", "cifs"] } }],
    [{ pct_options: ["nesting=1"], apparmor_manages_nesting: true }, { features: { nesting: true } }],
  ],
  "lxc_options, in all their spellings": [
    [{ lxc_options: ["lxc.mount.auto=sys:rw"] }, { mountAuto: ["sys:rw"] }],
    [{ lxc_options: ["lxc.mount.auto:sys:rw"] }, { mountAuto: ["sys:rw"] }],
    [{ lxc_options: ["lxc.mount.auto: sys:rw"] }, { mountAuto: ["sys:rw"] }],
    [{ lxc_options: [" lxc.mount.auto = proc:rw  sys:rw "] }, { mountAuto: ["proc:rw", "sys:rw"] }],
    [{ lxc_options: ["lxc.mount.auto=proc:mixed", "lxc.mount.auto: sys:ro"] }, { mountAuto: ["proc:mixed", "sys:ro"] }],
    [{ lxc_options: ["lxc.cap.drop=sys_time sys_module", "lxc.cap.drop: syslog"] }, { capDrop: ["sys_time", "sys_module", "syslog"] }],
    [{ lxc_options: ["lxc.cap.keep: sys_admin mknod"] }, { capKeep: ["sys_admin", "mknod"] }],
    [
      { lxc_options: ["lxc.mount.entry=/dev/fuse dev/fuse none bind,create=file"] },
      { mountEntries: ["/dev/fuse dev/fuse none bind,create=file"] },
    ],
    [
      { lxc_options: ["lxc.cgroup2.devices.deny=a", "lxc.cgroup2.devices.allow: c 195:* rwm"] },
      { deviceRules: [{ action: "deny", rule: "a" }, { action: "allow", rule: "c 195:* rwm" }] },
    ],
    [{ lxc_options: ["lxc.prlimit.memlock=unlimited"] }, { raw: { "lxc.prlimit.memlock": "unlimited" } }],
    [{ lxc_options: ["lxc.apparmor.allow_nesting=1"] }, { raw: { "lxc.apparmor.allow_nesting": "1" } }],
    [
      { lxc_options: ["lxc.environment=A=1", "lxc.environment: B=2"] },
      { raw: { "lxc.environment": ["A=1", "B=2"] } },
    ],
    [{ lxc_options: ["lxc.prlimit.nofile=1", "lxc.prlimit.nofile=2"] }, { raw: { "lxc.prlimit.nofile": "2" } }],
  ],
  "Docker": [
    [{ features: ["docker"] }, { features: { nesting: true, keyctl: true }, deviceRules: [...dockerRules] }],
    [{ features: ["docker"], unprivileged: false }, { features: { nesting: true }, deviceRules: [...dockerRules] }],
    [
      { features: ["docker"], pct_options: ["keyctl=0", "fuse=1"] },
      { features: { nesting: true, keyctl: false, fuse: true }, deviceRules: [...dockerRules] },
    ],
    [
      { features: ["docker"], lxc_options: ["lxc.cgroup2.devices.deny=a"] },
      { features: { nesting: true, keyctl: true }, deviceRules: [{ action: "deny", rule: "a" }, ...dockerRules] },
    ],
    [
      { features: ["docker"], lxc_options: ["lxc.cgroup2.devices.allow=a"] },
      { features: { nesting: true, keyctl: true }, deviceRules: [{ action: "allow", rule: "a" }] },
    ],
    [
      { features: ["docker"], lxc_options: ["lxc.cgroup2.devices.deny=c 10:200 rwm"] },
      { features: { nesting: true, keyctl: true }, deviceRules: [{ action: "deny", rule: "c 10:200 rwm" }, dockerRules[1]] },
    ],
    [{ features: ["nvidia", "vllm"] }, {}],
  ],
  "firewall": [
    [{ firewall: { enabled: true } }, { firewall: { enable: true } }],
    [{ firewall: { enabled: false } }, { firewall: { enable: false } }],
    [
      { firewall: { enabled: true, rules: [{ type: "in", action: "ACCEPT", source: "192.0.2.1", proto: "tcp", port: "8000", comment: "gateway" }] } },
      {
        firewall: {
          enable: true,
          policyIn: "DROP",
          rules: [{ direction: "in", action: "ACCEPT", source: "192.0.2.1", proto: "tcp", dport: "8000", comment: "gateway" }],
        },
      },
    ],
    [
      { firewall: { enabled: true, rules: [{ type: "out", action: "DROP", dest: "192.0.2.0/24", proto: "udp", port: 53 }] } },
      { firewall: { enable: true, rules: [{ direction: "out", action: "DROP", dest: "192.0.2.0/24", proto: "udp", dport: "53" }] } },
    ],
    [
      { firewall: { enabled: true, rules: [{ type: "in", action: "ACCEPT", proto: "icmp" }, { type: "in", action: "ACCEPT", proto: "icmp" }] } },
      { firewall: { enable: true, policyIn: "DROP", rules: [{ direction: "in", action: "ACCEPT", proto: "icmp" }] } },
    ],
  ],
};

describe("what is declared for a container of Phoenix", () => {
  for (const [topic, table] of Object.entries(mappings)) {
    describe(topic, () => {
      for (const [properties, expected] of table) {
        it(`${JSON.stringify(properties)} → ${JSON.stringify(expected)}`, () => {
          expect(security(properties)).to.deep.equal(expected);
        });
      }
    });
  }

  describe("GPUs", () => {
    const table: [string | undefined, number[] | undefined][] = [
      ["0", [0]],
      ["0,1", [0, 1]],
      ["0, 1", [0, 1]],
      ["1,1", [1]],
      ["none", undefined],
      [undefined, undefined],
    ];
    for (const [gpu_assignment, gpus] of table) {
      it(`${JSON.stringify(gpu_assignment)} → ${JSON.stringify(gpus)}`, () => {
        expect(posture({ gpu_assignment }).gpu).to.deep.equal(gpus && { node: "pve", vmid: 951, gpus });
      });
    }
  });

  describe("the AppArmor profile itself", () => {
    const text = "profile lxc-a flags=(attach_disconnected) { }\n";

    it("where its text is given", () => {
      expect(posture({ apparmor_profile: "lxc-a" }, { "lxc-a": text }).profile).to.deep.equal({ node: "pve", name: "lxc-a", profile: text });
    });

    it("also where lxc_options name it", () => {
      expect(posture({ lxc_options: ["lxc.apparmor.profile=lxc-a"] }, { "lxc-a": text }).profile?.name).to.equal("lxc-a");
    });

    it("not where it isn't given, nor where there is nothing to deploy", () => {
      for (const apparmor_profile of ["lxc-b", "unconfined", "generated", undefined]) {
        expect(posture({ apparmor_profile }, { "lxc-a": text }), apparmor_profile).not.to.have.property("profile");
      }
    });
  });

  it("a clone is unprivileged where its origin is", () => {
    const others = { 900: { name: "a", unprivileged: true }, 910: { name: "b", clone_from_ctid: "900" } };
    const clone = { unprivileged: undefined, clone_from_ctid: "910", gpu_assignment: "0" };
    expect(posture(clone, {}, others).security.idmap).to.deep.equal([...wholeMap]);
    expect(posture({ ...clone, clone_from_ctid: 951 }).security).not.to.have.property("idmap");
  });

  it("the id as a number or as a text", () => {
    const file = configs({});
    const options = { node: "pve" };
    expect(phoenixContainer(file, "951", options)).to.deep.equal(phoenixContainer(file, 951, options));
  });
});

describe("what is said about a container of Phoenix", () => {
  const rule = { type: "in", action: "ACCEPT", proto: "tcp", port: "22" };
  const table: [Properties, RegExp[]][] = [
    [{}, []],
    [{ gpu_assignment: "0" }, [/`c 195:\*`, `c 506:\*` and `c 509:\*` are not taken over/]],
    [{ gpu_assignment: "0", unprivileged: undefined }, [/not taken over/, /No idmap is declared: the file doesn't say/]],
    [{ gpu_assignment: "0", unprivileged: false }, [/^Warning: the container is privileged/, /not taken over/, /No idmap .* privileged/]],
    [{ apparmor_profile: "unconfined" }, [/made Phoenix remove the line, nothing more/]],
    [{ apparmor_profile: "unconfined", lxc_options: ["lxc.apparmor.profile=unconfined"] }, [/^Warning: .* doesn't confine/]],
    [{ apparmor_profile: "lxc-a" }, [/The text of the profile lxc-a wasn't given/]],
    [{ apparmor_profile: "lxc-a", pct_options: ["nesting=1"] }, [/lxc-a itself must allow what nesting needs/, /wasn't given/]],
    [{ pct_options: ["nesting=1"], apparmor_manages_nesting: true }, [/Phoenix left nesting=1 out/]],
    [{ features: ["docker"] }, [/Docker's device rules .* change nothing on an unprivileged container/]],
    [{ features: ["docker"], unprivileged: false }, [/privileged/]],
    [{ features: ["docker"], lxc_options: ["lxc.cgroup2.devices.deny=a"] }, []],
    [{ features: ["docker"], pct_options: ["nesting=0"], unprivileged: false }, [/privileged/, /switch nesting off: it stays off/]],
    [{ lxc_options: ["lxc.cgroup2.devices.allow=a"] }, [/^Warning: .* opens every device/]],
    [{ lxc_options: ["lxc.cgroup2.devices.allow=c 509:* rwm"] }, [/major 509 is handed out anew at each boot/]],
    [{ lxc_options: ["lxc.cgroup2.devices.allow=c 195:* rwm"] }, []],
    [{ lxc_options: ["lxc.apparmor.allow_nesting=1"] }, [/shapes only the profile that is `generated`/]],
    [{ lxc_options: ["lxc.prlimit.nofile=1", "lxc.prlimit.nofile=2"] }, [/`lxc.prlimit.nofile` stands more than once/]],
    [{ id_maps: [{ type: "uid", container_id: 1, host_id: 1, size: 1 }] }, [/The node needs root:1:1 in \/etc\/subuid; files/]],
    [{ id_maps: [{ type: "both", container_id: 1, host_id: 1, size: 2 }] }, [/root:1:2 in \/etc\/subuid, root:1:2 in \/etc\/subgid/]],
    [{ ports: ["8000:8000"] }, [/No firewall limits who reaches the ports 8000:8000/]],
    [{ ports: ["8000:8000"], firewall: { enabled: true, rules: [rule] } }, [/`firewall=1` on the network device/]],
    [{ firewall: { enabled: true } }, [/firewall=1/, /nobody reaches the container/]],
    [{ firewall: { rules: [rule] } }, [/isn't true: the rules are declared and stay without effect/]],
    [{ firewall: { enabled: true, rules: [rule, rule] } }, [/1 repeat an earlier one/, /firewall=1/]],
    [{ firewall: { enabled: true, rules: [rule, { ...rule, type: "out" }] } }, [/firewall=1/, /out that ACCEPT limit nothing/]],
    [{ volumes: [{ name: "data" }], zfs_volumes: [{}] }, [/^volumes and zfs_volumes: mounted when the container is created/]],
    [
      { mount_points: [{ host_path: "/tank/a", container_path: "/a", owner_uid: 33, owner_gid: 70_000 }] },
      [/^mount_points/, /^\/tank\/a: the container's uid 33 is 100033, gid 70000 isn't mapped to any on the node/],
    ],
    [
      { unprivileged: false, mount_points: [{ host_path: "/tank/a", container_path: "/a", owner_uid: 33 }] },
      [/privileged/, /^mount_points/, /uid 33 is 33 on the node/],
    ],
  ];
  for (const [properties, expected] of table) {
    it(`${JSON.stringify(properties)} → ${expected.length === 0 ? "nothing" : expected.map(({ source }) => source).join("; ")}`, () => {
      const { notes } = posture(properties);
      expect(notes).to.have.length(expected.length, notes.join("\n"));
      expected.forEach((pattern, index) => expect(notes[index]).to.match(pattern));
    });
  }

  it("a clone has the options of those that it was cloned from", () => {
    const others = { 900: { name: "a", lxc_options: ["lxc.mount.auto=sys:rw", "lxc.cap.drop=syslog"], pct_options: ["fuse=1"] } };
    const { notes } = posture({ clone_from_ctid: "900", lxc_options: ["lxc.cap.drop=syslog"] }, {}, others);
    expect(notes).to.deep.equal(["As a clone of 900, the container may have its options, which aren't declared here: fuse=1; lxc.mount.auto=sys:rw."]);
  });
});

describe("what can't be applied to a container of Phoenix", () => {
  const map = { type: "uid", container_id: 33, host_id: 33, size: 1 };
  const table: [Properties, RegExp][] = [
    [{ lxc_options: ["memory: 512"] }, /lxc_options\[0\]: `memory: 512` is no `lxc.<key>=<value>`/],
    [{ lxc_options: ["lxc.cap.drop sys_time"] }, /lxc_options\[0\]: .* is no `lxc/],
    [{ lxc_options: ["lxc.cap.drop="] }, /lxc_options\[0\]: `lxc.cap.drop` has no value. LXC would forget/],
    [{ lxc_options: ["lxc.cap.keep=sys_admin,mknod"] }, /lxc_options\[0\]: `sys_admin,mknod` has commas/],
    [{ lxc_options: ["lxc.cap.drop=CAP_SYS_TIME"] }, /security\.capDrop\[0\] \(from lxc_options\): must be a capability in lower case/],
    [{ lxc_options: ["lxc.cap.drop=syslog", "lxc.cap.keep=mknod"] }, /security\.capKeep \(from lxc_options\): can't stand beside capDrop/],
    [{ lxc_options: ["lxc.cgroup.devices.allow=a"] }, /lxc_options\[0\]: .* cgroup v1, .* \(in the file: `lxc.cgroup2.devices.allow`\)/],
    [{ lxc_options: ["lxc.cgroup.cpuset.cpus=0"] }, /cgroup v1, .* \(in the file: `lxc.cgroup2.cpuset.cpus`\)/],
    [{ lxc_options: ["lxc.aa_profile=unconfined"] }, /lxc_options\[0\]: .* name of LXC 2.* \(in the file: `lxc.apparmor.profile`\)/],
    [{ lxc_options: ["lxc.id_map=u 0 1 2"] }, /name of LXC 2.* \(in the file: `lxc.idmap`\)/],
    [{ lxc_options: ["lxc.rootfs.path=/x"] }, /lxc_options\[0\]: `lxc.rootfs.path` is set by Proxmox VE/],
    [{ lxc_options: ["lxc.Cap.drop=syslog"] }, /lxc_options\[0\]: .* must be a raw key/],
    [{ lxc_options: ["lxc.idmap=0 100000 65536"] }, /lxc_options\[0\]: `0 100000 65536` must be <u\|g\|b>/],
    [{ lxc_options: ["lxc.idmap=u 0 100000 65536"] }, /security\.idmap \(from id_maps or lxc_options\): has no entry for groups/],
    [{ lxc_options: ["lxc.cgroup2.devices.allow=c 195 rwm"] }, /lxc_options\[0\]: must be `a` or <a\|b\|c>/],
    [{ lxc_options: ["lxc.mount.entry=/dev/fuse"] }, /security\.mountEntries\[0\] \(from lxc_options\): must be a line of fstab/],
    [
      { lxc_options: ["lxc.apparmor.profile=lxc-a", "lxc.apparmor.profile=lxc-b"] },
      /lxc_options\[1\]: says lxc-b, but an option before it lxc-a/,
    ],
    [
      { apparmor_profile: "lxc-a", lxc_options: ["lxc.apparmor.profile=unconfined"] },
      /apparmor_profile: says lxc-a, but lxc_options say lxc.apparmor.profile=unconfined/,
    ],
    [{ apparmor_profile: "phoenix-v1" }, /security\.apparmorProfile \(from apparmor_profile or lxc_options\): must be .* begins with `lxc-`/],
    [{ pct_options: ["nesting=maybe"] }, /pct_options\[0\]: `nesting=maybe` must be nesting=1 or nesting=0/],
    [{ pct_options: ["nesting=1", "--onboot 1"] }, /pct_options\[1\]: `--onboot 1` is no feature/],
    [{ pct_options: ["mount=NFS"] }, /security\.features\.mount\[0\] \(from pct_options\): must be a file system type/],
    [{ id_maps: [map], unprivileged: false }, /id_maps: map ids, but the container is privileged/],
    [{ lxc_options: ["lxc.idmap=b 0 1 2"], unprivileged: false }, /lxc_options: map ids, but the container is privileged/],
    [{ id_maps: [map], lxc_options: ["lxc.idmap=b 0 1 2"] }, /id_maps: can't stand beside lxc.idmap in lxc_options/],
    [{ id_maps: [map, { ...map, host_id: 34 }] }, /security\.idmap\[\d\]\.container \(from id_maps or lxc_options\): overlaps entry/],
    [{ id_maps: [{ ...map, host_id: 100_050 }] }, /security\.idmap\[\d\]\.host \(from id_maps or lxc_options\): overlaps entry/],
    [
      { firewall: { rules: [{ type: "in", action: "ACCEPT", sport: "53" }] } },
      /firewall\.rules\[0\]\.sport: isn't known .*: without it the rule could mean more than it should/,
    ],
    [{ firewall: { rules: [{ type: "in", action: "ACCEPT", port: "53" }] } }, /security\.firewall\.rules\[0\]\.dport \(from firewall\): needs `proto`/],
    [{ firewall: { rules: [{ type: "in", action: "ACCEPT", source: "" }] } }, /security\.firewall\.rules\[0\]\.source \(from firewall\): must be an address/],
  ];
  for (const [properties, expected] of table) {
    it(`${JSON.stringify(properties)}: ${expected.source}`, () => {
      const message = failure(() => posture(properties));
      expect(message).to.match(expected);
      expect(message).to.match(/^container 951 \(x\):/);
    });
  }

  it("everything that can't be, at once", () => {
    expect(failure(() => posture({ pct_options: ["a=1"], lxc_options: ["b"] }))).to.match(
      /^container 951 \(x\):\n {2}pct_options\[0\]: .*\n {2}lxc_options\[0\]: /,
    );
  });

  it("a profile that was renamed inside its file only, as Phoenix's set-up did", () => {
    const profiles = { "lxc-gpu-docker-storage": "profile lxc_gpu_docker_storage { }" };
    expect(failure(() => posture({ apparmor_profile: "lxc-gpu-docker-storage" }, profiles))).to.equal(
      "container 951 (x): profile.name (from apparmor_profile): must agree with the text, which declares the profile lxc_gpu_docker_storage",
    );
  });

  it("a container that isn't there", () => {
    const file = configs({}, { 900: { name: "base" } });
    for (const vmid of [1, "web", "constructor"]) {
      expect(failure(() => phoenixContainer(file, vmid, { node: "pve" }))).to.equal(`the file has no container ${vmid}\n  It has 900, 951.`);
    }
  });

  it("an id that Proxmox VE reserves, a node that can't be one", () => {
    const file = parsePhoenix('{"lxc_configs": {"99": {"name": "x"}}}');
    expect(failure(() => phoenixContainer(file, 99, { node: "pve" }))).to.match(/security\.vmid \(from lxc_configs\): must be at least 100/);
    expect(failure(() => phoenixContainer(configs({}), 951, { node: "a b" }))).to.match(/security\.node \(from options\): must name a node/);
  });
});

describe("reporting on all containers", () => {
  it("one that can't be applied stands in the way of no other", () => {
    const [bad, good] = reportPhoenix(configs({}, { 900: { name: "bad", lxc_options: ["x"] } }), { node: "pve" });
    expect(bad).to.deep.include({ vmid: 900, name: "bad" });
    expect(bad?.problem).to.match(/^container 900 \(bad\): lxc_options\[0\]/);
    expect(bad).not.to.have.property("posture");
    expect(good).to.deep.include({ vmid: 951, name: "x" });
    expect(good?.posture?.security).to.deep.equal({ node: "pve", vmid: 951 });
  });
});
