import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { startNode, type EmbeddedNode } from "../../provider/testing/index.js";
import { Stack } from "../support/stack.js";

const path = "/etc/pve/lxc/951.conf";
const conf = "arch: amd64\nunprivileged: 1\n";
const profilePath = "/etc/apparmor.d/lxc-a";

const pct = ({ root }: EmbeddedNode, ...args: string[]): string =>
  execFileSync("pct", args, { env: { ...process.env, PVE_POSTURE_ROOT: root, PATH: `${root}/.stand-ins/bin:${process.env["PATH"]}` } }).toString().trim();

describe("a cluster of two nodes under a real engine", function () {
  this.timeout(300_000);
  let [one, two]: EmbeddedNode[] = [];
  let stack: Stack;

  before(async () => {
    one = await startNode({ hostname: "pve1", files: { [path]: conf } });
    two = await startNode({ hostname: "pve2" });
    stack = await Stack.create({ PVE_POSTURE_NODES: JSON.stringify({ pve1: one.settings, pve2: two.settings }) });
    await stack.program(`
      const profile = new posture.ClusterAppArmorProfile("p", { nodes: ["pve1", "pve2"], name: "lxc-a", profile: "profile lxc-a {\\n  file,\\n}\\n" });
      const security = new posture.LxcContainerSecurity("s", { node: "pve1", vmid: 951, apparmorProfile: profile.name, restart: "if-running" });
      exports.owner = security.owner;`);
  });
  after(async () => {
    await stack?.close();
    await one?.stop();
    await two?.stop();
  });

  const up = async (...flags: string[]) => {
    const { code, output } = await stack.up(...flags);
    expect(code, output).to.equal(0);
    return output;
  };

  it("both get the profile, before the container names it; and a running one is restarted under it", async () => {
    pct(one!, "start", "951");
    expect(await up()).to.contain("restarting the container");
    expect([await one!.exists(profilePath), await two!.exists(profilePath)]).to.deep.equal([true, true]);
    const { s } = await stack.resources();
    expect(s!.outputs["live"]).to.include({ profile: "lxc-a", mode: "enforce" });
    await up("--expect-no-changes");
  });

  it("the container migrates, and is followed", async () => {
    const text = (await one!.read(path))!;
    pct(one!, "stop", "951");
    await one!.remove("/etc/pve/nodes/pve1/lxc/951.conf");
    // a cluster has one /etc/pve
    symlinkSync(join(two!.root, "etc/pve/nodes/pve2"), join(one!.root, "etc/pve/nodes/pve2"));
    await two!.write(path, text.replace("lxc.apparmor.profile: lxc-a\n", ""));
    const { output } = await stack.preview();
    expect(output).to.contain("pve2: container 951").and.contain("+ lxc.apparmor.profile: lxc-a");
    expect(await up()).to.match(/owner *: .*"pve2"/);
    expect(await two!.read(path)).to.equal(text);
  });

  it("destroy gives all back, where it is now", async () => {
    const { code, output } = await stack.destroy();
    expect(code, output).to.equal(0);
    expect(await two!.read(path)).to.equal(conf);
    expect([await one!.exists(profilePath), await two!.exists(profilePath)]).to.deep.equal([false, false]);
  });
});
