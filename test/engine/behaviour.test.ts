import { execFileSync } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { startNode, type EmbeddedNode } from "../../provider/testing/index.js";
import { Stack } from "../support/stack.js";

const conf = "arch: amd64\nmemory: 512\nlxc.apparmor.profile: unconfined\n";
const path = "/etc/pve/lxc/951.conf";
const profile = (name: string, rules = "file,") => `profile ${name} {\n  ${rules}\n}\n`;

/** What a user tries next, each on a fresh node and stack. */
describe("under a real engine", function () {
  this.timeout(300_000);
  let node: EmbeddedNode;
  let stack: Stack;

  beforeEach(async () => {
    node = await startNode({ gpus: 2, files: { [path]: conf } });
    stack = await Stack.create({ PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings }) });
  });
  afterEach(async () => {
    await stack.close();
    await node.stop();
  });

  const upWorks = async () => {
    const { code, output } = await stack.up();
    expect(code, output).to.equal(0);
    return output;
  };

  it("reports every problem of the inputs at its property path, before anything is done", async () => {
    await stack.program(`
      new posture.LxcContainerSecurity("security", { node: "pve", vmid: 51, apparmorProfil: "x",
        idmap: [{ type: "u", container: 0, host: 100000, count: 0 }],
        deviceRules: [{ action: "allow", rule: "c 195 rwm" }] });`);
    const { code, output } = await stack.up();
    expect(code).not.to.equal(0);
    for (const property of ["vmid", "apparmorProfil", "idmap[0].count", "deviceRules[0].rule"]) expect(output).to.include(property);
    expect(await node.read(path)).to.equal(conf);
  });

  it("shows a typo in a profile where it is, in the preview", async () => {
    await stack.program(`
      new posture.AppArmorProfile("bad", { node: "pve", name: "lxc-bad",
        profile: ${JSON.stringify(profile("lxc-bad", "/mnt/** rw\n  /srv r,"))} });`);
    const { code, output } = await stack.preview();
    expect(code).not.to.equal(0);
    expect(output).to.include("`profile` has an error at line 2, column 13");
    expect(output).to.match(/ {2}\/mnt\/\*\* rw\n +\^/);
  });

  it("says what a profile's change means, and takes other words for no change", async () => {
    const deploy = (rules: string) =>
      stack.program(`new posture.AppArmorProfile("p", { node: "pve", name: "lxc-a", profile: ${JSON.stringify(profile("lxc-a", rules))} });`);
    await deploy("include <abstractions/base>\n  /srv/** rw,\n  /opt/x r,");
    await upWorks();
    const before = await node.read("/etc/apparmor.d/lxc-a");
    await deploy("# the order is another\n  /opt/x   r,\n  include <abstractions/base>\n  /srv/** rw,  /srv/data r,");
    expect((await stack.run("preview", "--expect-no-changes")).code).to.equal(0);
    expect(await upWorks()).to.include("unchanged");
    expect(await node.read("/etc/apparmor.d/lxc-a")).to.equal(before);
    await node.write("/etc/apparmor.d/lxc-a", `# edited by hand\n${before!.replace("/srv/** rw", "/srv/**   wr")}`);
    expect((await stack.run("preview", "--expect-no-changes")).code, "nor are other words on the node").to.equal(0);
    await deploy("include <abstractions/base>\n  /srv/** r,\n  /opt/x r,");
    const preview = await stack.run("preview");
    expect(preview.output).to.include("/etc/apparmor.d/lxc-a becomes tighter:").and.to.match(/- denies w on \/srv\/./);
    await upWorks();
    expect(await node.read("/etc/apparmor.d/lxc-a")).to.include("/srv/** r,");
  });

  it("leaves a true state behind when an apply fails: the others are there, the failed one is not", async () => {
    await stack.program(`
      new posture.AppArmorProfile("good", { node: "pve", name: "lxc-good", profile: ${JSON.stringify(profile("lxc-good"))} });
      new posture.AppArmorProfile("bad", { node: "pve", name: "lxc-bad",
        profile: ${JSON.stringify(profile("lxc-bad", "include <abstractions/nowhere>"))} });`);
    const { code, output } = await stack.up();
    expect(code).not.to.equal(0);
    expect(output).to.match(/apparmor_parser refuses profile lxc-bad/);
    expect(output).to.match(/line \d/);
    expect(Object.keys(await stack.resources())).to.deep.equal(["good"]);
    expect(await node.exists("/etc/apparmor.d/lxc-bad")).to.equal(false);
    expect(await node.loadedProfiles()).to.have.property("lxc-good");
  });

  it("a failed update keeps the state and the node as they were", async () => {
    const security = (name: string) => `new posture.LxcContainerSecurity("security", { node: "pve", vmid: 951, apparmorProfile: "${name}" });`;
    await stack.program(security("generated"));
    await upWorks();
    const before = await node.read(path);
    await stack.program(security("lxc-nowhere"));
    const { code, output } = await stack.up();
    expect(code).not.to.equal(0);
    expect(output).to.include("AppArmor profile lxc-nowhere is not loaded");
    expect(await node.read(path)).to.equal(before);
    expect((await stack.resources())["security"]!.outputs["apparmorProfile"]).to.equal("generated");
  });

  it("an unreachable node is a warning in a preview, and an error in an update and a refresh", async () => {
    await stack.program(`new posture.LxcContainerSecurity("security", { node: "pve", vmid: 951, capDrop: ["sys_module"] });`);
    await upWorks();
    const state = await stack.stateText();
    await node.pause();
    const preview = await stack.preview();
    expect(preview.code, preview.output).to.equal(0);
    expect(preview.output).to.include("warning: ").and.include("This preview shows the state only");
    expect(preview.output).to.include("2 unchanged");
    stack.set({ PVE_POSTURE_PREVIEW: "strict" });
    expect((await stack.preview()).code).not.to.equal(0);
    stack.set({ PVE_POSTURE_PREVIEW: "" });
    for (const { code, output } of [await stack.up(), await stack.refresh(), await stack.destroy()]) {
      expect(code).not.to.equal(0);
      expect(output).to.include(`(127.0.0.1 port ${node.port}) can't be reached`);
    }
    expect(JSON.parse(await stack.stateText()).deployment.resources.length).to.equal(JSON.parse(state).deployment.resources.length);
    await node.resume();
    expect((await stack.destroy()).code).to.equal(0);
    expect(await node.read(path)).to.equal(conf);
  });

  it("a preview that is set to offline asks no node", async () => {
    await stack.program(`new posture.LxcContainerSecurity("security", { node: "pve", vmid: 951, capDrop: ["sys_module"] });`);
    await stack.run("config", "set", "pve-posture:preview", "offline");
    const { code, output } = await stack.preview();
    expect(code, output).to.equal(0);
    expect(node.connections).to.equal(0);
  });

  it("inputs that are not known yet pass a preview", async () => {
    await stack.program(`
      const gpu = new posture.GpuPassthrough("gpu", { node: "pve", vmid: 951, gpus: "all" });
      new posture.LxcContainerSecurity("security", { node: "pve", vmid: gpu.devices.apply(() => 951),
        deviceRules: gpu.deviceRules, raw: { "lxc.environment": gpu.found.apply((gpus) => "GPUS=" + gpus.length) } });`);
    const preview = await stack.preview();
    expect(preview.code, preview.output).to.equal(0);
    await upWorks();
    expect(await node.read(path)).to.include("lxc.environment: GPUS=2\n");
    await stack.program(`
      const gpu = new posture.GpuPassthrough("gpu", { node: "pve", vmid: 951, gpus: "all" });
      new posture.LxcContainerSecurity("new", { node: "pve", vmid: 951, capDrop: ["sys_time"], deviceRules: gpu.machine.apply(() => [{ action: "deny", rule: "a" }]), raw: { "lxc.prlimit.nofile": new posture.GpuPassthrough("other", { node: "pve", vmid: 951, gpus: [0] }).found.apply(() => "1") } });`);
    const announced = await stack.preview();
    expect(announced.output).to.include("+ lxc.cap.drop: sys_time").and.to.include("raw will be known in the update");
  });

  it("secrets reach the node, and neither the state nor what is printed", async () => {
    const secret = "hunter2-correct-horse";
    await stack.program(`
      new posture.LxcContainerSecurity("security", { node: "pve", vmid: 951,
        raw: pulumi.secret({ "lxc.environment": "TOKEN=${secret}" }), mountEntries: [pulumi.secret("//nas/${secret} mnt cifs ro")] });`);
    const outputs = [(await stack.preview("--diff")).output, await upWorks(), (await stack.preview("--diff")).output];
    expect(await node.read(path)).to.include(`lxc.environment: TOKEN=${secret}\n`);
    await node.write(path, conf);
    outputs.push((await stack.preview("--diff")).output, (await stack.refresh()).output, await upWorks());
    outputs.push(await stack.stateText(), (await stack.destroy()).output);
    for (const output of outputs) expect(output).not.to.include(secret);
    expect(outputs[3]).to.include("lxc.environment: (secret)");
    expect(await node.read(path)).to.equal(conf);
  });

  it("connection details can stand in the stack's configuration, keys as secrets", async () => {
    stack.set({ PVE_POSTURE_NODES: "" });
    for (const [key, value] of Object.entries(node.settings)) {
      const secret = key === "privateKey" ? ["--secret"] : [];
      const { code, output } = await stack.run("config", "set", "--path", ...secret, `pve-posture:nodes.pve.${key}`, "--", String(value));
      expect(code, output).to.equal(0);
    }
    await stack.program(`new posture.LxcContainerSecurity("security", { node: "pve", vmid: 951, capDrop: ["sys_module"] });`);
    await upWorks();
    expect(await node.read(path)).to.include("lxc.cap.drop: sys_module\n");
    const state = await stack.stateText();
    expect(state).not.to.include("PRIVATE KEY").and.not.to.include("127.0.0.1");
  });

  it("two resources on one container keep off each other's lines and are applied at once", async () => {
    await stack.program(`
      new posture.GpuPassthrough("gpu", { node: "pve", vmid: 951, gpus: [1], entries: "raw" });
      new posture.LxcContainerSecurity("a", { node: "pve", vmid: 951, capDrop: ["sys_module"], deviceRules: [{ action: "deny", rule: "a" }] });
      new posture.LxcContainerSecurity("b", { node: "pve", vmid: 951, capDrop: ["sys_time"], mountAuto: ["proc:mixed"] });`);
    await upWorks();
    const both = await node.read(path);
    for (const line of ["lxc.cap.drop: sys_module", "lxc.cap.drop: sys_time", "lxc.cgroup2.devices.allow: c 195:1 rw"]) expect(both).to.include(`${line}\n`);
    expect(both!.indexOf("devices.deny: a")).to.be.lessThan(both!.indexOf("devices.allow"));
    expect((await stack.up("--expect-no-changes")).code).to.equal(0);
    await stack.program(`new posture.LxcContainerSecurity("a", { node: "pve", vmid: 951, capDrop: ["sys_module"] });`);
    await upWorks();
    expect(await node.read(path)).to.equal(`${conf}lxc.cap.drop: sys_module\n`);
    expect((await stack.destroy()).code).to.equal(0);
    expect(await node.read(path)).to.equal(conf);
  });

  it("two resources that declare the same setting differently are a conflict", async () => {
    await stack.program(`
      new posture.LxcContainerSecurity("a", { node: "pve", vmid: 951, apparmorProfile: "generated" });
      new posture.LxcContainerSecurity("b", { node: "pve", vmid: 951, apparmorProfile: "unconfined" });`);
    const { code, output } = await stack.up();
    expect(code).not.to.equal(0);
    expect(output).to.include("declare lxc.apparmor.profile differently");
  });

  it("a setting that two resources declare stays when the one that depends on the other drops it", async () => {
    const security = (name: string, more = "") =>
      `const ${name} = new posture.LxcContainerSecurity("${name}", { node: "pve", vmid: 951, ${more} capDrop: ["sys_module"] }, { dependsOn: ${name === "b" ? "typeof a === 'undefined' ? [] : [a]" : "[]"} });\n`;
    const profiled = 'apparmorProfile: "generated",';
    await stack.program(security("b", profiled));
    await upWorks();
    await stack.program(security("a", profiled) + security("b", profiled));
    await upWorks();
    const declared = await node.read(path);
    await stack.program(security("a", profiled) + security("b"));
    await upWorks();
    expect(await node.read(path)).to.equal(declared);
  });

  it("a container that has migrated is followed, and the program may name its new node then", async () => {
    const security = (on: string) => `new posture.LxcContainerSecurity("s", { node: "${on}", vmid: 951, capDrop: ["sys_module"] });`;
    await stack.program(security("pve"));
    await upWorks();
    const declared = (await node.read(path))!;
    await node.remove(path);
    await node.write("/etc/pve/nodes/pve2/lxc/951.conf", declared);
    await using other = await startNode({ hostname: "pve2", files: { [path]: declared } });
    stack.set({ PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings, pve2: other.settings }) });
    await upWorks();
    expect((await stack.resources())["s"]!.outputs["owner"]).to.equal("pve2");
    await stack.program(security("pve2"));
    await upWorks();
    expect(await other.read(path)).to.equal(declared);
    expect((await stack.up("--expect-no-changes")).code).to.equal(0);
  });

  it("a resource that got another name in the program doesn't leave the container open", async () => {
    const named = (name: string) => `new posture.LxcContainerSecurity("${name}", { node: "pve", vmid: 951, apparmorProfile: "generated", capDrop: ["sys_module"] });`;
    await stack.program(named("old"));
    await upWorks();
    const declared = await node.read(path);
    await stack.program(named("new"));
    await upWorks();
    expect(await node.read(path)).to.equal(declared);
  });

  it("another name for the same machine is no replacement", async () => {
    await stack.program(`new posture.LxcContainerSecurity("security", { node: "pve", vmid: 951, capDrop: ["sys_module"] });`);
    await upWorks();
    stack.set({ PVE_POSTURE_NODES: JSON.stringify({ "pve.example": node.settings }) });
    await stack.program(`new posture.LxcContainerSecurity("security", { node: "pve.example", vmid: 951, capDrop: ["sys_module"] });`);
    expect(await upWorks()).to.include("1 updated");
    expect((await stack.destroy()).code).to.equal(0);
    expect(await node.read(path)).to.equal(conf);
  });

  it("a profile is not removed while a container names it", async () => {
    await stack.program(`
      new posture.AppArmorProfile("p", { node: "pve", name: "lxc-used", profile: ${JSON.stringify(profile("lxc-used"))} });`);
    await upWorks();
    await node.write(path, "lxc.apparmor.profile: lxc-used\n");
    const { code, output } = await stack.destroy();
    expect(code).not.to.equal(0);
    expect(output).to.include("lxc-used is in use by container 951");
    expect(await node.loadedProfiles()).to.have.property("lxc-used");
    await node.write(path, conf);
    expect((await stack.destroy()).code).to.equal(0);
    expect(await node.loadedProfiles()).not.to.have.property("lxc-used");
  });

  it("refresh drops what is gone, and up makes it again", async () => {
    await stack.program(`
      new posture.AppArmorProfile("p", { node: "pve", name: "lxc-a", profile: ${JSON.stringify(profile("lxc-a"))} });
      new posture.LxcContainerSecurity("security", { node: "pve", vmid: 951, capDrop: ["sys_module"] });`);
    await upWorks();
    await node.remove("/etc/apparmor.d/lxc-a");
    await node.write("/sys/kernel/security/apparmor/profiles", "");
    await node.remove(path);
    await stack.refresh();
    expect(Object.keys(await stack.resources())).to.deep.equal([]);
    await node.write(path, conf);
    await upWorks();
    expect(await node.loadedProfiles()).to.deep.equal({ "lxc-a": "enforce" });
  });

  it("uses one connection a run, and few questions", async () => {
    const many = Array.from({ length: 12 }, (_, i) => 1000 + i);
    for (const vmid of many) await node.write(`/etc/pve/lxc/${vmid}.conf`, conf);
    await stack.program(many.map((vmid) => `new posture.LxcContainerSecurity("c${vmid}", { node: "pve", vmid: ${vmid}, capDrop: ["sys_module"] });`).join("\n"));
    await upWorks();
    expect(node.connections).to.equal(1);
    expect(node.commands, "one reading, and no more applies than containers").to.be.at.most(13);
    const commands = node.commands;
    await stack.preview();
    expect(node.connections).to.equal(2);
    expect(node.commands - commands).to.equal(1);
  });

  describe("an update that is cancelled while the node is at work", () => {
    let slow: EmbeddedNode;
    beforeEach(async () => {
      // what comes before the first change takes its time
      slow = await startNode({ files: { [path]: conf }, standIns: { sync: "#!/bin/sh\nexec sleep 4\n" } });
      stack.set({ PVE_POSTURE_NODES: JSON.stringify({ pve: slow.settings }) });
      await stack.program(`new posture.LxcContainerSecurity("security", { node: "pve", vmid: 951, apparmorProfile: "generated", capDrop: ["sys_module"] });`);
    });
    afterEach(() => slow.stop());

    const underWay = async () => {
      for (;;) {
        const left = await readdir(join(slow.root, "var/lib/pve-posture")).catch(() => []);
        if (left.some((name) => name.startsWith("transaction-"))) return;
        await delay(50);
      }
    };
    const wanted = "arch: amd64\nmemory: 512\nlxc.cap.drop: sys_module\n";

    it("once: what was begun is done, the state knows it, and nothing is left to do", async () => {
      const up = stack.start("up", "--yes", "--skip-preview");
      await underWay();
      up.interrupt();
      const { code, output } = await up.ended;
      expect(code, output).not.to.equal(0);
      expect(await slow.read(path)).to.equal(wanted);
      expect(await stack.resources()).to.have.property("security");
      expect((await stack.run("preview", "--expect-no-changes")).code).to.equal(0);
    });

    it("twice: the node has all of it or nothing, and the next update converges", async () => {
      const up = stack.start("up", "--yes", "--skip-preview");
      await underWay();
      up.interrupt();
      await delay(300);
      up.interrupt();
      expect((await up.ended).code).not.to.equal(0);
      expect([conf, wanted]).to.include(await slow.read(path));
      const again = await stack.up();
      expect(again.code, again.output).to.equal(0);
      expect(await slow.read(path)).to.equal(wanted);
      expect(await readdir(join(slow.root, "var/lib/pve-posture"))).to.deep.equal([]);
      expect((await stack.run("preview", "--expect-no-changes")).code).to.equal(0);
    });
  });

  it("keeps little of the provider in the state: no secret, no path, the same text for all of a kind", async () => {
    const security = (name: string, vmid: number) => `new posture.LxcContainerSecurity("${name}", { node: "pve", vmid: ${vmid}, capDrop: ["sys_module"] });`;
    await node.write("/etc/pve/lxc/952.conf", conf);
    await stack.program(`
      ${security("a", 951)} ${security("b", 952)}
      new posture.AppArmorProfile("p", { node: "pve", name: "lxc-a", profile: ${JSON.stringify(profile("lxc-a"))} });
      new posture.GpuPassthrough("gpu", { node: "pve", vmid: 951, gpus: [0] });`);
    await upWorks();
    const resources = await stack.resources();
    const texts = Object.fromEntries(Object.entries(resources).map(([name, { outputs }]) => [name, outputs["__provider"] as string]));
    expect(Object.keys(texts)).to.have.length(4);
    for (const text of Object.values(texts)) {
      expect(text.length).to.be.lessThan(2000);
      expect(text).not.to.match(/PRIVATE KEY|127\.0\.0\.1/).and.not.to.match(/\/(?:home|root|tmp|work|Users)\//);
    }
    expect(texts["a"]).to.equal(texts["b"]);
  });

  it("works from a package that somebody else installs, by import and by require", async () => {
    const repository = join(__dirname, "../..");
    const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", stack.directory], { cwd: repository, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })) as { filename: string; files: { path: string }[] }[];
    expect(packed!.files.filter(({ path: file }) => /^(?:test|provider|examples|scripts)\//.test(file))).to.deep.equal([]);
    const project = await Stack.create({ PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings }) }, "");
    try {
      const versions = JSON.parse(execFileSync("npm", ["pkg", "get", "devDependencies.@pulumi/pulumi"], { cwd: repository, encoding: "utf8" })) as string;
      execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", `@pulumi/pulumi@${versions}`, join(stack.directory, packed!.filename)], { cwd: project.directory, stdio: ["ignore", "ignore", "pipe"] });
      const body = `new LxcContainerSecurity("s", { node: "pve", vmid: 951, capDrop: ["sys_module"] });`;
      await writeFile(join(project.directory, "index.mjs"), `import { LxcContainerSecurity } from "pve-posture";\n${body}\n`);
      await writeFile(join(project.directory, "package.json"), JSON.stringify({ ...JSON.parse(execFileSync("cat", ["package.json"], { cwd: project.directory, encoding: "utf8" })), main: "index.mjs" }));
      const imported = await project.up();
      expect(imported.code, imported.output).to.equal(0);
      expect(await node.read(path)).to.include("lxc.cap.drop: sys_module\n");
      await writeFile(join(project.directory, "index.mjs"), "");
      const required = execFileSync("node", ["-e", `console.log(typeof require("pve-posture").AppArmorProfile, typeof require("pve-posture/testing").startNode, require("pve-posture/schemas/phoenix_lxc_configs.schema.json").type)`], { cwd: project.directory, encoding: "utf8" });
      expect(required.trim()).to.equal("function function object");
      expect((await project.destroy()).code).to.equal(0);
      expect(await node.read(path)).to.equal(conf);
    } finally {
      await project.close();
    }
  });
});
