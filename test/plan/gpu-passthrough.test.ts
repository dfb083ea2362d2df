import { expect } from "chai";
import { gpuPassthrough } from "../../provider/plan/gpu-passthrough.js";
import type { GpuPassthroughInputs } from "../../schemas/gpu-passthrough.js";
import { Model, Resource, refusal, words } from "./model.js";

const confPath = "/etc/pve/lxc/951.conf";
const conf = "arch: amd64\ndev0: /dev/fuse\nmemory: 512\n";
const card = (minor: number) => `Model: RTX ${minor}\nDevice Minor: ${minor}\n`;
const host = (more: Record<string, string | undefined> = {}) => ({
  "/proc/devices": "Character devices:\n195 nvidia\n510 nvidia-uvm\n\nBlock devices:\n",
  "/proc/driver/nvidia/gpus/0000:01:00.0/information": card(0),
  "/proc/driver/nvidia/gpus/0000:02:00.0/information": card(1),
  ...Object.fromEntries(["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools"].map((name) => [`/dev/${name}`, ""])),
  "package pve-container": "6.1.10",
  ...more,
});
const start = (text = conf, more: Record<string, string | undefined> = {}) => new Resource(gpuPassthrough, Model.container(951, text, host(more)));
const inputs = (more: Partial<GpuPassthroughInputs> = {}): GpuPassthroughInputs => ({ node: "pve", vmid: 951, gpus: [0], ...more });
const steps = ["lock /run/lock/lxc/pve-config-951.lock", `file ${confPath}`];
const dev = ["dev1: /dev/nvidia0,mode=0666", "dev2: /dev/nvidiactl,mode=0666", "dev3: /dev/nvidia-uvm,mode=0666", "dev4: /dev/nvidia-uvm-tools,mode=0666"];
const withDev = `${conf}${dev.map((line) => `${line}\n`).join("")}`;
const sorted = conf.replace("memory", `${dev.map((line) => `${line}\n`).join("")}memory`);

describe("the plan for GPUs in a container", () => {
  it("nothing there: entries, and none a second time; deleted, the bytes are as before", () => {
    const resource = start();
    expect(words(resource.up(inputs()).steps)).to.deep.equal(steps);
    expect(resource.model.file(confPath)).to.equal(withDev);
    expect(resource.plan(inputs()).steps).to.deep.equal([]);
    expect(resource.state).to.deep.include({ lines: dev, drift: [] });
    expect(resource.state!.found).to.deep.equal([{ index: 0, vendor: "nvidia", model: "RTX 0", pci: "0000:01:00.0" }]);
    expect(resource.state!.deviceRules.map(({ rule }) => rule)).to.deep.equal(["c 195:0 rw", "c 195:255 rw", "c 510:0 rw", "c 510:1 rw"]);
    expect(words(resource.destroy().steps)).to.deep.equal(steps);
    expect(resource.model.file(confPath)).to.equal(conf);
  });

  it("all there: no steps; and what was there before us stays", () => {
    const resource = start(sorted);
    expect(resource.up(inputs()).steps).to.deep.equal([]);
    expect(resource.destroy().steps).to.deep.equal([]);
  });

  it("drift is named and repaired", () => {
    const resource = start();
    resource.up(inputs());
    resource.model.files_.set(confPath, resource.model.file(confPath)!.replace("dev1: /dev/nvidia0,mode=0666\n", ""));
    expect(gpuPassthrough.outputs(inputs(), resource.state!.ledger, resource.model, "shown").drift).to.deep.equal(["missing: dev1: /dev/nvidia0,mode=0666"]);
    resource.up(inputs());
    expect(resource.model.file(confPath)).to.contain("/dev/nvidia0,mode=0666\n");
    expect(resource.plan(inputs()).steps).to.deep.equal([]);
  });

  it("changed inputs: what is no longer declared goes", () => {
    const resource = start();
    resource.up(inputs({ gpus: "all" }));
    resource.up(inputs({ gpus: [1], mode: "0660" }));
    expect(resource.model.file(confPath)).to.contain("/dev/nvidia1,mode=0660\n").and.not.contain("/dev/nvidia0");
    resource.up(inputs({ entries: "raw" }));
    expect(resource.model.file(confPath)).to.contain("lxc.cgroup2.devices.allow: c 510:0 rw\n").and.not.contain("dev1:");
    resource.destroy();
    expect(resource.model.file(confPath)).to.equal(conf);
  });

  it("raw entries follow a major that has changed at boot", () => {
    const resource = start();
    resource.up(inputs({ entries: "raw" }));
    resource.model.files_.set("/proc/devices", "Character devices:\n195 nvidia\n238 nvidia-uvm\n");
    resource.up(inputs({ entries: "raw" }));
    expect(resource.model.file(confPath)).to.contain("c 238:0 rw\n").and.not.contain("510");
    expect(start().up(inputs({ entries: "raw" })).steps).not.to.deep.equal([]);
  });

  it("auto takes raw lines where the node is too old or says nothing", () => {
    for (const version of ["5.0.6", undefined]) {
      const resource = start(conf, { "package pve-container": version });
      resource.up(inputs());
      expect(resource.model.file(confPath)).to.contain("lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none");
    }
    expect(refusal(() => start(conf, { "package pve-container": "5.0.6" }).plan(inputs({ entries: "dev" }))).message).to.contain('entries: "raw"');
  });

  it("a GPU that isn't there is an error, and drift to a refresh", () => {
    const resource = start();
    expect(refusal(() => resource.plan(inputs({ gpus: [5] }))).what).to.contain("pve has no GPU 5; it has 0: RTX 0 (0000:01:00.0)");
    resource.up(inputs());
    for (const bus of ["01", "02"]) resource.model.files_.delete(`/proc/driver/nvidia/gpus/0000:${bus}:00.0/information`);
    expect(gpuPassthrough.outputs(inputs(), resource.state!.ledger, resource.model, "shown").drift[0]).to.contain("pve shows no GPU");
    resource.destroy();
    expect(resource.model.file(confPath), "and can still be deleted").to.equal(conf);
  });

  it("a node that is missing would keep the container from starting", () => {
    const error = refusal(() => start(conf, { "/dev/nvidia-uvm": undefined }).plan(inputs()));
    expect(error.what).to.equal("/dev/nvidia-uvm is not there, so a container with it would not start");
    expect(error.code).to.equal("gpu-not-found");
    expect(start(conf, { "/dev/nvidia-uvm": undefined }).plan(inputs({ entries: "raw" })).steps, "raw entries are optional").not.to.deep.equal([]);
  });

  it("reads AMD and Intel from sysfs", () => {
    const drm = (name: string, dev: string, vendor: string, pci: string) => ({
      [`/sys/class/drm/${name}/dev`]: `${dev}\n`, [`/sys/class/drm/${name}/device/vendor`]: `${vendor}\n`, [`/sys/class/drm/${name}/device/uevent`]: `DRIVER=x\nPCI_SLOT_NAME=${pci}\n`,
      [`/dev/dri/${name}`]: "",
    });
    const resource = start(conf, { ...drm("card0", "226:0", "0x8086", "0000:00:02.0"), ...drm("renderD128", "226:128", "0x8086", "0000:00:02.0") });
    resource.up(inputs({ gpus: ["00:02.0"], gid: 104 }));
    expect(resource.model.file(confPath)).to.equal(`${conf.replace("memory: 512\n", "")}memory: 512\ndev1: /dev/dri/card0,mode=0666,gid=104\ndev2: /dev/dri/renderD128,mode=0666,gid=104\n`);
  });

  it("a locked container, one elsewhere, and no Proxmox VE node", () => {
    expect(start(`${conf}lock: migrate\n`).plan(inputs()).blocked?.what).to.equal("container 951 is locked (migrate)");
    const away = { [confPath]: undefined, "/etc/pve/nodes/pve/lxc/951.conf": undefined, "/etc/pve/lxc/100.conf": "", "/etc/pve/nodes/b/lxc/951.conf": "" };
    expect(refusal(() => start(conf, away).plan(inputs())).what).to.contain("is on node b");
    expect(refusal(() => new Resource(gpuPassthrough, new Model(host())).plan(inputs())).what).to.equal("/etc/pve/lxc is not there");
  });
});
