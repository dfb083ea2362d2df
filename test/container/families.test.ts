import { expect } from "chai";
import fc from "fast-check";
import { parseConf } from "../../provider/container/conf.js";
import { patience, runs } from "./reading/files.js";
import { Walk, type Declared } from "./walk.js";

const original = [
  "# vLLM",
  "arch: amd64",
  "features: keyctl=1",
  "memory: 72000",
  "lxc.apparmor.profile = unconfined",
  "lxc.cgroup2.devices.allow: c 506:* rwm",
  "",
  "[before]",
  "lxc.apparmor.profile: generated",
  "snaptime: 1",
  "",
].join("\n");

describe("declaring lines of a container's configuration", () => {
  const cases: { name: string; inputs: Declared; before?: string; expected: string }[] = [
    {
      name: "a single-valued key is replaced in its place",
      inputs: { apparmorProfile: "lxc-a" },
      expected: original.replace("lxc.apparmor.profile = unconfined", "lxc.apparmor.profile: lxc-a"),
    },
    {
      name: "what is there in another spelling is left as it is",
      inputs: { apparmorProfile: "unconfined" },
      expected: original,
    },
    {
      name: "rules are added after those of others",
      inputs: { deviceRules: [{ action: "allow", rule: "c 195:* rwm" }] },
      expected: original.replace("506:* rwm\n", "506:* rwm\nlxc.cgroup2.devices.allow: c 195:* rwm\n"),
    },
    {
      name: "deny-all goes before every rule, as LXC forgets what stands before it",
      inputs: { deviceRules: [{ action: "deny", rule: "a" }] },
      expected: original.replace("lxc.cgroup2", "lxc.cgroup2.devices.deny: a\nlxc.cgroup2"),
    },
    {
      name: "an option is added to the features that are on",
      inputs: { features: { nesting: true } },
      expected: original.replace("features: keyctl=1", "features: keyctl=1,nesting=1"),
    },
    {
      name: "a key that is not there goes after the raw lines of the main section, not into the snapshot",
      inputs: { idmap: [{ type: "both", container: 0, host: 100000, count: 65536 }] },
      expected: original.replace("506:* rwm\n", "506:* rwm\nlxc.idmap: u 0 100000 65536\nlxc.idmap: g 0 100000 65536\n"),
    },
    {
      name: "a file without a last line break",
      before: "arch: amd64",
      inputs: { capDrop: ["sys_module"] },
      expected: "arch: amd64\nlxc.cap.drop: sys_module\n",
    },
    { name: "an empty file", before: "", inputs: { capDrop: ["sys_module"] }, expected: "lxc.cap.drop: sys_module\n" },
  ];
  for (const { name, inputs, before = original, expected } of cases) {
    it(name, () => {
      const walk = new Walk();
      const after = walk.up(before, inputs);
      expect(after).to.equal(expected);
      expect(walk.up(after, inputs), "a second time").to.equal(after);
      expect(walk.destroy(after), "given back").to.equal(before);
    });
  }

  it("an input that is no longer declared gives back what it displaced", () => {
    const walk = new Walk();
    const both = walk.up(original, { apparmorProfile: "lxc-a", capDrop: ["sys_module"] });
    expect(walk.up(both, { capDrop: ["sys_module"] })).to.include("lxc.apparmor.profile = unconfined\n");
  });

  it("drift that was repaired is not given back", () => {
    const walk = new Walk();
    const declared = walk.up(original, { apparmorProfile: "lxc-a" });
    const repaired = walk.up(declared.replace("lxc-a", "lxc-b"), { apparmorProfile: "lxc-a" });
    expect(repaired).to.equal(declared);
    expect(walk.destroy(repaired)).to.equal(original);
  });

  it("an adopted value that the program then changes comes back in the end", () => {
    const walk = new Walk();
    const adopted = walk.up(original, { apparmorProfile: "unconfined" });
    const changed = walk.up(adopted, { apparmorProfile: "lxc-a" });
    expect(changed).to.include("lxc.apparmor.profile: lxc-a\n");
    expect(walk.destroy(changed)).to.equal(original);
  });

  it("an adopted line that was edited by hand and repaired is there in the end, in its own spelling", () => {
    const walk = new Walk();
    const adopted = walk.up(original, { apparmorProfile: "unconfined", features: { keyctl: true } });
    const edited = adopted.replace(" = unconfined", ": lxc-b").replace("keyctl=1", "keyctl=0");
    const repaired = walk.up(edited, { apparmorProfile: "unconfined", features: { keyctl: true } });
    expect(repaired).to.equal(original);
    expect(walk.destroy(repaired)).to.equal(original);
  });

  it("what somebody else set in our place is left alone in the end", () => {
    const walk = new Walk();
    const edited = walk.up(original, { apparmorProfile: "lxc-a" }).replace("lxc-a", "lxc-theirs");
    expect(walk.destroy(edited)).to.equal(edited);
  });

  it("an option that somebody else added to our line stays", () => {
    const walk = new Walk();
    const edited = walk.up(original, { features: { nesting: true } }).replace("nesting=1", "nesting=1,fuse=1");
    expect(walk.destroy(edited)).to.equal(original.replace("keyctl=1", "keyctl=1,fuse=1"));
  });

  it("a line of somebody else's that was adopted stays when it is no longer declared", () => {
    const walk = new Walk();
    const theirs = "lxc.cap.drop: sys_module\n";
    const both = walk.up(theirs, { capDrop: ["sys_module", "sys_time"] });
    expect(walk.up(both, { capDrop: ["mac_admin"] })).to.equal(`${theirs}lxc.cap.drop: mac_admin\n`);
  });

  it("allow-all of somebody else's makes way for a declared deny-all, and comes back in the end", () => {
    const walk = new Walk();
    const open = "lxc.cgroup2.devices.allow: c 1:3 rwm\nlxc.cgroup2.devices.allow: a\n";
    const closed = walk.up(open, { deviceRules: [{ action: "deny", rule: "a" }] });
    expect(closed).to.equal("lxc.cgroup2.devices.deny: a\nlxc.cgroup2.devices.allow: c 1:3 rwm\n");
    expect(walk.destroy(closed)).to.equal(open);
  });

  it("`a *:* rwm` is no deny-all: LXC knows only the bare `a`", () => {
    const after = new Walk().up("lxc.cgroup2.devices.deny: a *:* rwm\n", { deviceRules: [{ action: "deny", rule: "a" }] });
    expect(after).to.equal("lxc.cgroup2.devices.deny: a\nlxc.cgroup2.devices.deny: a *:* rwm\n");
  });

  it("lines that another declaration has claimed stay", () => {
    const walk = new Walk();
    const declared = walk.up(original, { apparmorProfile: "lxc-a", capDrop: ["sys_module"] });
    const left = walk.destroy(declared, (text) => text.startsWith("lxc.apparmor"));
    expect(left).to.equal(original.replace(" = unconfined", ": lxc-a"));
  });

  it("survives the rewrite by Proxmox VE, which sorts properties and writes `key: value`", () => {
    const walk = new Walk();
    const inputs: Declared = { apparmorProfile: "lxc-a", deviceRules: [{ action: "allow", rule: "c 195:* rwm" }] };
    walk.up("# a\nmemory: 1\narch: amd64\nlxc.idmap = u 0 1 2\nlxc.apparmor.profile=unconfined\n", inputs);
    const rewritten =
      "#a\narch: amd64\nmemory: 1\nlxc.idmap: u 0 1 2\nlxc.apparmor.profile: lxc-a\nlxc.cgroup2.devices.allow: c 195:* rwm\n";
    expect(walk.up(rewritten, inputs)).to.equal(rewritten);
    expect(walk.destroy(rewritten)).to.equal("#a\narch: amd64\nmemory: 1\nlxc.idmap: u 0 1 2\nlxc.apparmor.profile=unconfined\n");
  });
});

const line = fc.constantFrom(
  "", " ", "# comment", "arch: amd64", "memory: 512", "features: nesting=1", "features: fuse=1,nesting=0", "garbage",
  "lxc.apparmor.profile: unconfined", "lxc.apparmor.profile = lxc-a", "lxc.cap.drop: sys_time", "lxc.cap.drop: sys_module",
  "lxc.cap.drop:", "lxc.cgroup2.devices.allow: a", "lxc.cgroup2.devices.deny =", "lxc.cgroup2.devices.deny: a", "lxc.cgroup2.devices.allow: c 1:3 rwm", "lxc.cgroup2.devices.allow = c 195:* rwm",
  "lxc.idmap: u 0 100000 65536", "lxc.idmap = g 0 100000 65536", "lxc.mount.entry: /a a none bind", "lxc.mount.auto: sys:rw",
);
const file = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.boolean(), fc.constantFrom("", "[snap1]\nlxc.cap.drop: sys_time\n", "\n[pve:pending]\nmemory: 1"))
  .map(([lines, ended, rest]) => lines.join("\n") + (ended || (rest && lines.length > 0) ? "\n" : "") + rest);
const inputs: fc.Arbitrary<Declared> = fc.record(
  {
    apparmorProfile: fc.constantFrom("unconfined", "lxc-a", "lxc-b"),
    idmap: fc.constant([{ type: "both" as const, container: 0, host: 100000, count: 65536 }]),
    capDrop: fc.subarray(["sys_module", "sys_time", "mac_admin"]),
    mountAuto: fc.constantFrom(["sys:rw"], ["proc:mixed", "sys:mixed"]),
    mountEntries: fc.subarray(["/a a none bind", "/b b none bind"]),
    features: fc.record({ nesting: fc.boolean(), keyctl: fc.boolean() }, { requiredKeys: [] }),
    deviceRules: fc.subarray([
      { action: "deny" as const, rule: "a" },
      { action: "allow" as const, rule: "c 1:3 rwm" },
      { action: "allow" as const, rule: "c 195:* rwm" },
    ]),
  },
  { requiredKeys: [] },
);

/** As LXC reads device rules: `a` alone decides for all others and forgets them, an empty value forgets them too. */
function devicesInForce(text: string): { all: string; rules: string[] } {
  return parseConf(text).main.reduce(
    (state, { text: one }) => {
      const [, action, value] = /^lxc\.cgroup2\.devices\.(allow|deny)(?::|\s*=)\s*(.*?)\s*$/.exec(one) ?? [];
      if (!action) return state;
      if (value === "a") return { all: action, rules: [] };
      return value === "" ? { all: state.all, rules: [] } : { ...state, rules: [...state.rules, `${action} ${value}`] };
    },
    { all: "", rules: [] as string[] },
  );
}

function capabilitiesDropped(text: string): string[] {
  const values = parseConf(text).main.flatMap(({ text: one }) => /^lxc\.cap\.drop:\s*(.*)$/.exec(one)?.[1] ?? []);
  return values.slice(values.lastIndexOf("") + 1);
}

describe("properties of declaring", function () {
  this.timeout(patience);

  it("what is declared is in force as LXC reads the file, whatever others wrote", () => {
    fc.assert(
      fc.property(file, fc.array(inputs, { minLength: 1, maxLength: 3 }), (text, declarations) => {
        const walk = new Walk();
        const after = declarations.reduce((current, declared) => walk.up(current, declared), text);
        const { deviceRules = [], capDrop = [] } = declarations.at(-1)!;
        const { all, rules } = devicesInForce(after);
        if (deviceRules.some(({ rule }) => rule === "a")) expect(all).to.equal("deny");
        for (const { action, rule } of deviceRules.filter(({ rule }) => rule !== "a")) expect(rules).to.include(`${action} ${rule}`);
        expect(capabilitiesDropped(after)).to.include.members(capDrop);
      }),
      runs,
    );
  });

  it("two resources on one file give back every byte, in the order of their dependency", () => {
    fc.assert(
      fc.property(file, inputs, inputs, (text, one, two) => {
        const disjoint = Object.fromEntries(Object.entries(two).filter(([key]) => !(key in one)));
        const [first, second] = [new Walk(), new Walk()];
        const both = second.up(first.up(text, one), disjoint);
        expect(first.destroy(second.destroy(both))).to.equal(text);
      }),
      runs,
    );
  });
});
