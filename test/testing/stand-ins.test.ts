import { expect } from "chai";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flock } from "../../provider/testing/programs/flock.js";
import { standInsFor, type StandIns } from "../../provider/testing/index.js";

const roots: string[] = [];
async function standIns(options: Parameters<typeof standInsFor>[1] = {}): Promise<StandIns> {
  const root = mkdtempSync(join(tmpdir(), "pve-posture-test-"));
  roots.push(root);
  return standInsFor(root, options);
}
after(() => roots.forEach((root) => rmSync(root, { recursive: true, force: true })));

function run(node: StandIns, command: string, input = "") {
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", command], {
    env: node.env,
    input,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}
const list = (node: StandIns) =>
  readFileSync(join(node.root, "sys/kernel/security/apparmor/profiles"), "utf8");

describe("stand-ins for a server of one's own", () => {
  it("come with their tree, under a root without links", async () => {
    const node = await standIns({ files: { "/etc/pve/lxc/1.conf": "arch: amd64\n" } });
    expect(node.root).to.equal(realpathSync(node.root));
    expect(node.env.PVE_POSTURE_ROOT).to.equal(node.root);
    expect(node.env.PATH.startsWith(`${node.path}:`)).to.be.true;
    expect(run(node, "command -v apparmor_parser").stdout).to.equal(`${node.path}/apparmor_parser\n`);
  });

  it("can be missing, and so can a program of the host", async () => {
    const node = await standIns({ programs: { apparmor_parser: false, cut: false } });
    expect(run(node, "command -v apparmor_parser || command -v cut || echo none").stdout).to.equal("none\n");
    expect(run(node, "echo still | cat").stdout).to.equal("still\n");
  });

  it("can be added to and replaced", async () => {
    const node = await standIns({
      standIns: { "nvidia-smi": "#!/bin/sh\necho smi\n", pct: "#!/bin/sh\nexit 9\n" },
    });
    expect(run(node, "nvidia-smi").stdout).to.equal("smi\n");
    expect(run(node, "pct list").status).to.equal(9);
  });

  it("work below a root with blanks and quotes in its name", async () => {
    const root = mkdtempSync(join(tmpdir(), "pve 'posture' \"test-"));
    roots.push(root);
    const node = await standInsFor(root);
    writeFileSync(join(root, "a b's"), "profile lxc-q { /x r, }\n");
    expect(run(node, `apparmor_parser -r "$PVE_POSTURE_ROOT/a b's"`).stderr).to.equal("");
    expect(list(node)).to.contain("lxc-q (enforce)\n");
  });
});

describe("the NVIDIA tree", () => {
  it("is absent without cards", async () => {
    const { root } = await standIns();
    expect(readFileSync(join(root, "proc/devices"), "utf8")).not.to.contain("nvidia");
    expect(existsSync(join(root, "proc/driver"))).to.be.false;
  });

  it("prints cards as the driver does, with majors as asked", async () => {
    const { root } = await standIns({ gpus: 2, majors: { "nvidia-uvm": 238 } });
    expect(readFileSync(join(root, "proc/devices"), "utf8")).to.contain(
      "195 nvidia\n226 drm\n238 nvidia-uvm\n",
    );
    const card = readFileSync(join(root, "proc/driver/nvidia/gpus/0000:02:00.0/information"), "utf8");
    expect(card).to.match(/^Model: \t\t NVIDIA GeForce RTX 5060 Ti\nIRQ: {3}\t\t \d+\nGPU UUID: \t GPU-/);
    expect(card).to.contain("Device Minor: \t 1\n");
    for (const name of [
      "nvidia0",
      "nvidia1",
      "nvidiactl",
      "nvidia-uvm",
      "nvidia-uvm-tools",
      "nvidia-modeset",
    ])
      expect(existsSync(join(root, "dev", name)), name).to.be.true;
  });
});

describe("the stand-in for pct", () => {
  const conf =
    "arch: amd64\nhostname: phoenix\nunprivileged: 1\nlxc.apparmor.profile: lxc-phoenix\n\n[snap]\nhostname: old\nlxc.prlimit.nofile: 1\n";

  it("lists, starts under a loaded profile only, and stops", async () => {
    const node = await standIns({ files: { "/etc/pve/lxc/951.conf": conf } });
    expect(run(node, "pct list").stdout).to.match(/^VMID +Status +Lock +Name *\n951 +stopped +phoenix *\n$/);
    expect(run(node, "pct start 951")).to.include({
      status: 1,
      stderr: "startup for container '951' failed\n",
    });
    expect(run(node, "echo 'profile lxc-phoenix { /x r, }' | apparmor_parser -r").status).to.equal(0);
    expect(run(node, "pct start 951 && pct status 951").stdout).to.equal("status: running\n");
    expect(existsSync(join(node.root, "sys/fs/cgroup/lxc/951"))).to.be.true;
    const running = readFileSync(join(node.root, "var/lib/lxc/951/config"), "utf8");
    expect(running)
      .to.contain("lxc.apparmor.profile = lxc-phoenix\n")
      .and.contain("lxc.idmap = u 0 100000 65536\n");
    expect(running, "the snapshot's").not.to.contain("prlimit");
    expect(run(node, "pct reboot 951; pct stop 951; pct status 951").stdout).to.equal("status: stopped\n");
    expect(run(node, "pct config 951").stdout).to.equal(
      "arch: amd64\nhostname: phoenix\nunprivileged: 1\nlxc.apparmor.profile: lxc-phoenix\n",
    );
  });

  it("refuses what is locked and what isn't there", async () => {
    const node = await standIns({ files: { "/etc/pve/lxc/951.conf": "lock: backup\n" } });
    expect(run(node, "pct start 951")).to.include({ status: 255, stderr: "CT is locked (backup)\n" });
    expect(run(node, "pct status 1").stderr).to.equal(
      "Configuration file 'nodes/pve/lxc/1.conf' does not exist\n",
    );
  });
});

describe("the stand-in for flock", () => {
  // Tested everywhere, although only hosts without flock get it.
  it("locks, waits and gives up like the real one", async function () {
    if (spawnSync("perl", ["-e", "1"]).status !== 0) return this.skip();
    const node = await standIns({ standIns: { flock } });
    const lock = 'exec 9>"$PVE_POSTURE_ROOT/lock"; ';
    const started = Date.now();
    const outcome = run(
      node,
      `(${lock} flock -w 5 9; echo held; sleep 1.5) & sleep 0.5
       (${lock} flock -n 9 || echo busy); (${lock} flock -w 0.1 9 || echo late); (${lock} flock -w 5 9 && echo mine)`,
    );
    expect(outcome.stdout).to.equal("held\nbusy\nlate\nmine\n");
    expect(Date.now() - started).to.be.greaterThan(1400);
    // One of them is left to the host where it has its own.
    const own = await standIns();
    expect(execFileSync("/bin/sh", ["-c", "command -v flock"], { env: own.env }).toString()).to.match(
      /flock\n$/,
    );
  });
});
