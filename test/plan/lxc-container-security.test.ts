import { expect } from "chai";
import fc from "fast-check";
import { Claims } from "../../provider/lifecycle/claims.js";
import { lxcContainerSecurity } from "../../provider/plan/lxc-container-security.js";
import { changesSomething } from "../../provider/plan/steps.js";
import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { Model, Resource, refusal, words } from "./model.js";

type Declared = Partial<LxcContainerSecurityInputs>;
const inputs = (declared: Declared): LxcContainerSecurityInputs => ({ node: "pve", vmid: 951, ...declared });
const confPath = "/etc/pve/lxc/951.conf";
const fwPath = "/etc/pve/firewall/951.fw";
const lock = "lock /run/lock/lxc/pve-config-951.lock";
const conf = "arch: amd64\nnet0: name=eth0,bridge=vmbr0,firewall=1\nunprivileged: 1\n";

const start = (text = conf, files: Record<string, string | undefined> = {}) =>
  new Resource(lxcContainerSecurity, Model.container(951, text, files));

describe("the plan for a container's posture", () => {
  const cases: { name: string; text?: string; files?: Record<string, string>; declared: Declared; steps: string[]; conf?: string; fw?: string }[] = [
    { name: "nothing declared", declared: {}, steps: [] },
    {
      name: "nothing there",
      declared: { apparmorProfile: "lxc-a", capDrop: ["sys_module"] },
      steps: [lock, "loaded lxc-a", `file ${confPath}`],
      conf: `${conf}lxc.apparmor.profile: lxc-a\nlxc.cap.drop: sys_module\n`,
    },
    {
      name: "all there",
      text: `${conf}lxc.apparmor.profile = lxc-a\n`,
      declared: { apparmorProfile: "lxc-a" },
      steps: [],
    },
    {
      name: "a profile of LXC's own needs no check",
      declared: { apparmorProfile: "unconfined" },
      steps: [lock, `file ${confPath}`],
      conf: `${conf}lxc.apparmor.profile: unconfined\n`,
    },
    {
      name: "the firewall alone",
      declared: { firewall: { enable: true, rules: [{ direction: "in", action: "ACCEPT", proto: "tcp", dport: "8000" }] } },
      steps: [lock, `file ${fwPath}`],
      fw: "[OPTIONS]\nenable: 1\n[RULES]\nIN ACCEPT -p tcp -dport 8000\n",
    },
    {
      name: "the firewall in another spelling",
      files: { [fwPath]: "[options]\nenable:   1\n\n[Rules]\n\nin ACCEPT -dport 8000 --ignored -proto tcp\n".replace(" --ignored", "") },
      declared: { firewall: { enable: true, rules: [{ direction: "in", action: "ACCEPT", proto: "tcp", dport: "8000" }] } },
      steps: [],
    },
    {
      name: "rules of others go, aliases and sets stay",
      files: { [fwPath]: "[OPTIONS]\nenable: 0\n\n[ALIASES]\nhome 10.0.0.0/8\n\n[RULES]\nIN ACCEPT\n|OUT DROP\nGROUP web\n" },
      declared: { firewall: { enable: true, rules: [] } },
      steps: [lock, `file ${fwPath}`],
      fw: "[OPTIONS]\nenable: 1\n\n[ALIASES]\nhome 10.0.0.0/8\n\n[RULES]\n",
    },
    {
      name: "letters beyond ASCII, which are bytes in the file",
      declared: { firewall: { rules: [{ direction: "in", action: "DROP", comment: "für alle" }] } },
      steps: [lock, `file ${fwPath}`],
      fw: Buffer.from("[RULES]\nIN DROP # für alle\n", "utf8").toString("latin1"),
    },
  ];
  for (const { name, text = conf, files = {}, declared, steps, conf: after = text, fw = files[fwPath] } of cases) {
    it(name, () => {
      const resource = start(text, files);
      const before = resource.model.snapshot();
      expect(words(resource.up(inputs(declared)).steps)).to.deep.equal(steps);
      expect(resource.model.file(confPath)).to.equal(after);
      expect(resource.model.file(fwPath)).to.equal(fw);
      expect(resource.plan(inputs(declared)).steps, "a second time").to.deep.equal([]);
      expect(resource.state!.drift).to.deep.equal([]);
      resource.destroy();
      expect(resource.model.snapshot(), "given back").to.deep.equal(before);
    });
  }

  it("finds drift, names it, and repairs it", () => {
    const resource = start();
    resource.up(inputs({ apparmorProfile: "lxc-a", capDrop: ["sys_module"] }));
    const wanted = resource.model.file(confPath)!;
    resource.model.files_.set(confPath, wanted.replace("lxc-a", "unconfined").replace("lxc.cap.drop: sys_module\n", ""));
    const read = lxcContainerSecurity.outputs(inputs({ apparmorProfile: "lxc-a", capDrop: ["sys_module"] }), resource.state!.ledger, resource.model, "shown");
    expect(read.drift).to.deep.equal([
      "in the way: lxc.apparmor.profile: unconfined", "missing: lxc.apparmor.profile: lxc-a", "missing: lxc.cap.drop: sys_module",
    ]);
    resource.up(inputs({ apparmorProfile: "lxc-a", capDrop: ["sys_module"] }));
    expect(resource.model.file(confPath)).to.equal(wanted);
  });

  it("says nothing of what may be a secret", () => {
    const resource = start();
    const plan = resource.plan(inputs({ raw: { "lxc.environment": ["TOKEN=hunter2"] } }));
    const state = lxcContainerSecurity.outputs(inputs({ raw: { "lxc.environment": ["TOKEN=hunter2"] } }), plan.memory, resource.model, "shown");
    expect(JSON.stringify([state.lines, state.drift])).not.to.contain("hunter2");
    const hidden = lxcContainerSecurity.outputs(inputs({ apparmorProfile: "lxc-hunter2" }), resource.plan(inputs({ apparmorProfile: "lxc-hunter2" })).memory, resource.model, "hidden");
    expect(JSON.stringify([hidden.lines, hidden.drift])).not.to.contain("hunter2");
  });

  describe("notes", () => {
    const open = conf.replace(",firewall=1", "");
    const notes: [string, string, Declared, RegExp | undefined][] = [
      ["a firewall that no device has", open, { firewall: { enable: true } }, /^the firewall does nothing on net0/],
      ["a firewall that its device has", conf, { firewall: { enable: true } }, undefined],
      ["a firewall that is off", open, { firewall: { enable: false } }, undefined],
      ["allow rules of an unprivileged container", conf, { deviceRules: [{ action: "allow", rule: "c 195:* rwm" }] }, /does nothing: all devices are allowed/],
      ["with a deny they do", conf, { deviceRules: [{ action: "deny", rule: "a" }, { action: "allow", rule: "c 195:* rwm" }] }, undefined],
      ["a deny-all that LXC makes no filter of", conf, { deviceRules: [{ action: "deny", rule: "a" }] }, /`deny a` denies nothing/],
      ["a device that the rules leave out", `${conf}dev0: /dev/nvidia0\n`, { deviceRules: [{ action: "deny", rule: "a" }, { action: "allow", rule: "c 1:3 rwm" }] }, /^\/dev\/nvidia0 is to be in the container/],
      ["a profile that takes away what features need", `${conf}features: fuse=1\n`, { apparmorProfile: "lxc-a" }, /takes away what Proxmox VE allows for features: fuse/],
      ["what was there before is not told", `${conf}lxc.apparmor.profile: unconfined\n`, { capDrop: ["sys_module"] }, undefined],
      ["of a privileged one they do", "arch: amd64\n", { deviceRules: [{ action: "allow", rule: "c 195:* rwm" }] }, undefined],
    ];
    for (const [name, text, declared, expected] of notes) {
      it(name, () => {
        const { notes, findings = [] } = start(text).plan(inputs(declared));
        const found = [...notes, ...findings];
        if (expected) expect(found.join("\n")).to.match(expected);
        else expect(found).to.deep.equal([]);
      });
    }

    it("a running container must be restarted, unless only its firewall changes", () => {
      const running = { "/sys/fs/cgroup/lxc/951/cgroup.procs": "" };
      expect(start(conf, running).plan(inputs({ capDrop: ["sys_module"] })).notes.join()).to.contain("pct reboot 951");
      expect(start(conf, running).plan(inputs({ firewall: { enable: true } })).notes).to.deep.equal([]);
    });
  });

  describe("errors", () => {
    const elsewhere = { [confPath]: undefined, "/etc/pve/nodes/pve/lxc/951.conf": undefined, "/etc/pve/lxc/100.conf": "" };
    it("no such container", () => {
      const resource = start(conf, elsewhere);
      expect(refusal(() => resource.plan(inputs({})))).to.include({ code: "container-not-found", what: "there is no container 951" });
      expect(lxcContainerSecurity.isGone(inputs({}), resource.model)).to.be.true;
    });

    it("on another node, which is named; and it is not gone", () => {
      const resource = start(conf, { ...elsewhere, "/etc/pve/nodes/pve2/lxc/951.conf": conf });
      const error = refusal(() => resource.plan(inputs({})));
      expect(error).to.include({ code: "container-elsewhere", what: "container 951 is on node pve2 of the cluster" });
      expect(lxcContainerSecurity.isGone(inputs({}), resource.model)).to.be.false;
    });

    it("no Proxmox VE node; and nothing is taken for gone", () => {
      const resource = new Resource(lxcContainerSecurity, new Model());
      expect(refusal(() => resource.plan(inputs({}))).what).to.equal("/etc/pve/lxc is not there");
      expect(lxcContainerSecurity.isGone(inputs({}), resource.model)).to.be.false;
    });

    it("locked: only where there is something to do", () => {
      const locked = `${conf}lock: backup\n`;
      const plan = start(locked).plan(inputs({ capDrop: ["sys_module"] }));
      expect(plan.blocked).to.include({ code: "container-locked", what: "container 951 is locked (backup)" });
      expect(start(locked).plan(inputs({})).blocked).to.be.undefined;
      expect(start(`${conf}[snap1]\nlock: backup\n`).plan(inputs({ capDrop: ["sys_module"] })).blocked, "a snapshot's").to.be.undefined;
    });

    it("deleting what is gone is done; deleting what has moved is refused", () => {
      const resource = start();
      resource.up(inputs({ capDrop: ["sys_module"] }));
      resource.model.files_.delete(confPath);
      resource.model.files_.set("/etc/pve/lxc/100.conf", "");
      expect(refusal(() => resource.planDelete()).code).to.equal("container-elsewhere");
      resource.model.files_.delete("/etc/pve/nodes/pve/lxc/951.conf");
      expect(resource.planDelete().steps).to.deep.equal([]);
    });
  });

  describe("the firewall's file", () => {
    const rule = { direction: "in" as const, action: "DROP" as const };
    const theirs = "[OPTIONS]\nenable: 0\nlog_level_in: info\n\n[RULES]\nIN ACCEPT -p tcp -dport 22\n";

    it("goes again when it was made for us", () => {
      const resource = start();
      resource.up(inputs({ firewall: { enable: true, rules: [rule] } }));
      expect(resource.model.file(fwPath)).to.be.a("string");
      resource.up(inputs({}));
      expect(resource.model.file(fwPath)).to.be.undefined;
    });

    it("stays when somebody else has written into it, under its header", () => {
      const resource = start();
      resource.up(inputs({ firewall: { enable: true, rules: [rule] } }));
      resource.model.files_.set(fwPath, `${resource.model.file(fwPath)}IN ACCEPT -p tcp -dport 22\n`);
      resource.destroy();
      expect(resource.model.file(fwPath)).to.equal("[RULES]\nIN ACCEPT -p tcp -dport 22\n");
    });

    it("an adopted header stays when nothing is declared any more", () => {
      const resource = start(conf, { [fwPath]: theirs });
      resource.up(inputs({ firewall: { enable: false } }));
      resource.up(inputs({}));
      expect(resource.model.file(fwPath)).to.equal(theirs);
    });

    it("rules that come back come back under their header", () => {
      const resource = start(conf, { [fwPath]: theirs });
      resource.up(inputs({ firewall: { enable: true, rules: [rule] } }));
      resource.up(inputs({ firewall: { enable: true } }));
      expect(resource.model.file(fwPath)).to.equal(theirs.replace("enable: 0", "enable: 1"));
      resource.destroy();
      expect(resource.model.file(fwPath)).to.equal(theirs);
    });

    it("a header of ours stays above what somebody else wrote below it, though ours are no longer declared", () => {
      const resource = start(conf, { [fwPath]: "[OPTIONS]\nenable: 0\n" });
      resource.up(inputs({ firewall: { enable: true, policyIn: "DROP", rules: [rule] } }));
      resource.model.files_.set(fwPath, `${resource.model.file(fwPath)}IN ACCEPT -p icmp\n`);
      resource.up(inputs({ firewall: { enable: true } }));
      expect(resource.model.file(fwPath)).to.equal("[OPTIONS]\nenable: 1\n[RULES]\nIN ACCEPT -p icmp\n");
    });
  });

  describe("two resources on one container", () => {
    it("one that was renamed leaves its options of `features` to its successor", () => {
      const old = start("features: keyctl=1\n");
      old.up(inputs({ features: { nesting: true } }));
      const successor = new Resource(lxcContainerSecurity, old.model);
      successor.up(inputs({ features: { nesting: true } }));
      const claims = new Claims();
      claims.make("m", "new", lxcContainerSecurity.claims(successor.state!), "");
      old.destroy((path, form) => claims.claimed("m", "old", path, form));
      expect(old.model.file(confPath)).to.equal("features: keyctl=1,nesting=1\n");
    });

    it("each takes its own options of `features` with it, and not the other's", () => {
      const one = start("features: keyctl=1\n");
      one.up(inputs({ features: { nesting: true, fuse: true } }));
      const two = new Resource(lxcContainerSecurity, one.model);
      two.up(inputs({ features: { fuse: true } }));
      const claims = new Claims();
      claims.make("m", "two", lxcContainerSecurity.claims(two.state!), "");
      one.destroy((path, form) => claims.claimed("m", "one", path, form));
      expect(one.model.file(confPath)).to.equal("features: keyctl=1,fuse=1\n");
    });

    it("that say the contrary of an option are a conflict", () => {
      const of = (nesting: boolean) => {
        const resource = start();
        resource.up(inputs({ features: { nesting, fuse: true } }));
        return lxcContainerSecurity.claims(resource.state!);
      };
      const claims = new Claims();
      claims.make("m", "one", of(true), "container 951");
      expect(refusal(() => claims.make("m", "two", of(false), "container 951")).code).to.equal("conflict");
      claims.make("m", "two", of(true), "container 951");
    });
  });

  const fwLine = fc.constantFrom("", "# note", "[OPTIONS]", "[RULES]", "[ALIASES]", "enable: 0", "policy_in: DROP", "log_level_in: info", "IN ACCEPT -p tcp -dport 22", "|OUT DROP", "home 10.0.0.0/8");
  const line = fc.constantFrom("", "# note", "arch: amd64", "features: fuse=1", "lxc.cap.drop: sys_time", "lxc.apparmor.profile = lxc-b", "garbage", "lxc.idmap: u 0 1 1");
  const textOf = (lines: fc.Arbitrary<string>) => fc.tuple(fc.array(lines, { maxLength: 8 }), fc.boolean()).map(([all, ended]) => all.join("\n") + (ended && all.length > 0 ? "\n" : ""));
  const declared: fc.Arbitrary<Declared> = fc.record(
    {
      apparmorProfile: fc.constantFrom("lxc-a", "lxc-b"),
      capDrop: fc.subarray(["sys_time", "sys_module"]),
      features: fc.record({ nesting: fc.boolean(), fuse: fc.boolean() }, { requiredKeys: [] }),
      firewall: fc.record(
        { enable: fc.boolean(), policyIn: fc.constantFrom("DROP" as const, "ACCEPT" as const), rules: fc.subarray([{ direction: "in" as const, action: "DROP" as const }, { direction: "in" as const, action: "ACCEPT" as const, proto: "tcp", dport: "22" }]) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );

  it("property: applied, nothing is left to do; deleted, the bytes are as before", () => {
    fc.assert(
      fc.property(textOf(line), fc.option(textOf(fwLine), { nil: undefined }), fc.array(declared, { minLength: 1, maxLength: 3 }), (text, fw, all) => {
        const resource = start(text, { [fwPath]: fw });
        const before = resource.model.snapshot();
        for (const each of all) {
          resource.up(inputs(each));
          expect(changesSomething(resource.plan(inputs(each)).steps)).to.be.false;
          expect(resource.state!.drift).to.deep.equal([]);
        }
        resource.destroy();
        expect(resource.model.snapshot()).to.deep.equal(before);
      }),
      { numRuns: 1500 },
    );
  });

  it("property: a header is above every rule and option of ours, whatever is declared and withdrawn", () => {
    // sections in order, as Proxmox VE writes them
    const file = fc
      .tuple(fc.subarray(["enable: 0", "log_level_in: info"]), fc.subarray(["IN ACCEPT -p tcp -dport 22", "OUT DROP"]))
      .map(([options, rules]) => `[OPTIONS]\n\n${options.map((o) => `${o}\n`).join("")}\n[RULES]\n\n${rules.map((r) => `${r}\n`).join("")}`);
    fc.assert(
      fc.property(fc.option(file, { nil: undefined }), fc.array(declared, { minLength: 1, maxLength: 4 }), (fw, all) => {
        const resource = start(conf, { [fwPath]: fw });
        for (const each of all) {
          resource.up(inputs(each));
          let section = "";
          for (const text of (resource.model.file(fwPath) ?? "").split("\n")) {
            if (text.startsWith("[")) section = text;
            else if (/^(IN|OUT)/.test(text)) expect(section, resource.model.file(fwPath)).to.equal("[RULES]");
            else if (/:/.test(text)) expect(section, resource.model.file(fwPath)).to.equal("[OPTIONS]");
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
