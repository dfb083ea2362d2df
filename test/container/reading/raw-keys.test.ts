import { expect } from "chai";
import { rawKeyProblem } from "../../../provider/container/keys.js";
import { rawKey } from "../../../provider/container/reading/raw-keys.js";

describe("raw keys", () => {
  const cases: [key: string, kind: string, renamed?: string][] = [
    ["lxc.apparmor.profile", "valid"],
    ["lxc.cgroup2.memory.high", "valid"],
    ["lxc.net.0.type", "valid"],
    ["lxc.environment.runtime", "valid"],
    ["lxc.init.uid", "valid"],
    ["lxc.sysctl.kernel.sem", "valid"],
    ["lxc.sysctl.net.core.somaxconn", "unknown"],
    ["lxc.no_new_privs", "unknown"],
    ["lxc.cgroup2", "unknown"],
    ["lxc.tty.dir", "unknown"],
    ["lxc.rootfs.path", "refused"],
    ["lxc.rootfs.options", "refused"],
    ["lxc.rootfs", "unknown"],
    ["lxc.aa_profile", "deprecated", "lxc.apparmor.profile"],
    ["lxc.id_map", "deprecated", "lxc.idmap"],
    ["lxc.network.hwaddr", "deprecated", "lxc.net.INDEX.hwaddr"],
    ["lxc.network.0.type", "unknown"],
    ["lxc.limit.nofile", "deprecated", "lxc.prlimit.nofile"],
    ["lxc.cgroup.devices.allow", "deprecated", "lxc.cgroup2.devices.allow"],
    ["lxc.cgroup.memory.limit_in_bytes", "deprecated", "lxc.cgroup2.memory.max"],
    ["lxc.cgroup.dir.monitor", "deprecated"],
    ["lxc.constructor", "unknown"],
    ["constructor", "unknown"],
  ];
  for (const [key, kind, renamed] of cases) {
    it(`${key} is ${kind}${renamed ? `, now ${renamed}` : ""}`, () => {
      const verdict = rawKey(key);
      expect(verdict.kind).to.equal(kind);
      expect("renamed" in verdict ? verdict.renamed : undefined).to.equal(renamed);
    });
  }

  it("since when, where it matters", () => {
    expect(rawKey("lxc.environment.runtime")).to.include({ since: "Proxmox VE 9.1" });
    expect(rawKey("lxc.cgroup.cpu.shares")).to.include({ since: "pve-container 6.1.6" });
  });

  it("what Proxmox VE would drop can't be declared", () => {
    expect(rawKeyProblem("lxc.prlimit.nofile")).to.be.undefined;
    expect(rawKeyProblem("lxc.no_new_privs")).to.match(/drops the line/);
    expect(rawKeyProblem("lxc.rootfs.path")).to.match(/is set by Proxmox VE/);
    expect(rawKeyProblem("lxc.init_cmd")).to.match(/name of LXC 2/);
    expect(rawKeyProblem("lxc.limit.nofile")).to.match(/name of LXC 2/);
    expect(rawKeyProblem("lxc.cgroup.cpu.shares")).to.match(/cgroup v1/);
  });
});
