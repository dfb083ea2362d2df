import { expect } from "chai";
import { splitLines } from "../../provider/container/lines.js";
import { characterMajors, discoverGpus, type GpuReading } from "../../provider/devices/discovery.js";
import { atLeast, devLines, rawLines } from "../../provider/devices/entries.js";
import { neededNodes, selectGpus } from "../../provider/devices/select.js";
import { PostureError } from "../../provider/errors.js";

const uuid = (n: number) => `GPU-5eed0000-0000-4000-8000-00000000000${n}`;
const card = (minor: number | string) => `Model: \t\t RTX ${minor}\nIRQ:   \t\t 130\nGPU UUID: \t ${uuid(Number(minor) || 0)}\nDevice Minor: \t ${minor}\nGPU Excluded:\t No\n`;
const majors = (...lines: string[]) => `Character devices:\n  1 mem\n${lines.map((line) => `${line}\n`).join("")}\nBlock devices:\n  7 loop\n`;
const drm = (vendor: string, minor: number, pci: string) => ({ dev: `226:${minor}\n`, vendor: `${vendor}\n`, pci });
const reading = (more: Partial<GpuReading>): GpuReading => ({ devices: majors("195 nvidia", "510 nvidia-uvm"), nvidia: {}, drm: {}, nodes: [], ...more });
const nvidia = (...minors: (number | string)[]) => Object.fromEntries(minors.map((minor, i) => [`0000:0${i + 1}:00.0`, card(minor)]));

describe("finding GPUs", () => {
  const shared: [string, string, string[]][] = [
    ["of today's driver", majors("195 nvidia", "195 nvidiactl", "238 nvidia-uvm"), ["/dev/nvidiactl 195:255", "/dev/nvidia-uvm 238:0", "/dev/nvidia-uvm-tools 238:1"]],
    ["before 550.40", majors("195 nvidia-frontend", "511 nvidia-uvm"), ["/dev/nvidiactl 195:255", "/dev/nvidia-uvm 511:0", "/dev/nvidia-uvm-tools 511:1"]],
    ["without uvm", majors("195 nvidia"), ["/dev/nvidiactl 195:255"]],
    ["without a driver", majors(), []],
    ["a block device of that name", `Character devices:\n  1 mem\n\nBlock devices:\n195 nvidia\n`, []],
    ["malformed", "195 nvidia\n\0\n{}", []],
  ];
  for (const [name, devices, expected] of shared) {
    it(`NVIDIA's shared nodes: ${name}`, () => {
      const nodes = discoverGpus(reading({ devices, nvidia: nvidia(0) })).shared.nvidia;
      expect(nodes.map(({ path, major, minor }) => `${path} ${major}:${minor}`)).to.deep.equal(expected);
    });
  }

  const hosts: [string, Partial<GpuReading>, string[]][] = [
    ["none", {}, []],
    ["one of NVIDIA", { nvidia: nvidia(0) }, ["0 nvidia RTX 0 0000:01:00.0 /dev/nvidia0"]],
    ["two, in the order of their minors", { nvidia: nvidia(1, 0) }, ["0 nvidia RTX 0 0000:02:00.0 /dev/nvidia0", "1 nvidia RTX 1 0000:01:00.0 /dev/nvidia1"]],
    [
      "one of AMD with both its nodes",
      { drm: { card0: drm("0x1002", 0, "0000:0a:00.0"), renderD128: drm("0x1002", 128, "0000:0a:00.0") } },
      ["0 amd amd GPU 0000:0a:00.0 /dev/dri/card0 /dev/dri/renderD128"],
    ],
    [
      "mixed: NVIDIA first, the others in the order of their addresses",
      { nvidia: nvidia(0), drm: { card1: drm("0x8086", 1, "0000:00:02.0"), card0: drm("0x1002", 0, "0000:0a:00.0"), card2: drm("0x10de", 2, "0000:01:00.0") } },
      ["0 nvidia RTX 0 0000:01:00.0 /dev/nvidia0", "1 intel intel GPU 0000:00:02.0 /dev/dri/card1", "2 amd amd GPU 0000:0a:00.0 /dev/dri/card0"],
    ],
    [
      "a gap in NVIDIA's minors gives no index twice",
      { nvidia: nvidia(0, 2), drm: { card1: drm("0x8086", 1, "0000:00:02.0") } },
      ["0 nvidia RTX 0 0000:01:00.0 /dev/nvidia0", "2 nvidia RTX 2 0000:02:00.0 /dev/nvidia2", "3 intel intel GPU 0000:00:02.0 /dev/dri/card1"],
    ],
    ["a card that the driver gave no number", { nvidia: { "0000:01:00.0": "Model: x\n", "0000:02:00.0": "Device Minor: \nGPU Excluded: No\n", ...{ "0000:03:00.0": card("1x") } } }, []],
    ["an unknown vendor, a broken number", { drm: { card0: drm("0x1234", 0, "p"), card1: { dev: "226", vendor: "0x1002", pci: "p" } } }, []],
    ["a model that isn't given", { nvidia: { "0000:01:00.0": "Model:\nIRQ: 1\nDevice Minor: 0\n" } }, ["0 nvidia unknown 0000:01:00.0 /dev/nvidia0"]],
  ];
  for (const [name, more, expected] of hosts) {
    it(name, () => {
      const { gpus } = discoverGpus(reading(more));
      expect(gpus.map(({ index, vendor, model, pci, nodes }) => [index, vendor, model, pci, ...nodes.map(({ path }) => path)].join(" "))).to.deep.equal(expected);
    });
  }

  it("says which nodes are there now, and gives AMD its kfd", () => {
    const host = discoverGpus(reading({ devices: majors("195 nvidia", "510 nvidia-uvm", "240 kfd"), nvidia: nvidia(0), drm: { card0: drm("0x1002", 0, "p") }, nodes: ["/dev/nvidia0", "/dev/kfd"] }));
    expect(neededNodes(host, host.gpus, "pve").map(({ path, exists }) => `${path} ${exists}`)).to.deep.equal([
      "/dev/nvidia0 true", "/dev/dri/card0 false", "/dev/nvidiactl false", "/dev/nvidia-uvm false", "/dev/nvidia-uvm-tools false", "/dev/kfd true",
    ]);
  });

  it("refuses NVIDIA without nvidia-uvm, which CUDA needs", () => {
    const host = discoverGpus(reading({ devices: majors("195 nvidia"), nvidia: nvidia(0) }));
    expect(() => neededNodes(host, host.gpus, "pve")).to.throw("pve has not loaded nvidia-uvm");
  });

  it("takes a UUID only where it is one", () => {
    expect(discoverGpus(reading({ nvidia: { p: "GPU UUID: GPU-????????-????\nDevice Minor: 0\n" } })).gpus[0]).not.to.have.property("uuid");
  });

  it("reads majors of character devices only", () => {
    expect([...characterMajors(majors("195 nvidia", "136 pts"))]).to.deep.equal([["mem", 1], ["nvidia", 195], ["pts", 136]]);
    expect([...characterMajors("Character devices:\n  1 mem")], "no end").to.deep.equal([["mem", 1]]);
  });
});

describe("choosing GPUs", () => {
  const host = discoverGpus(reading({ nvidia: nvidia(0, 1), drm: { card0: drm("0x1002", 0, "0001:0a:00.0") } }));
  const cases: [selectors: "all" | (number | string)[], indexes: number[]][] = [
    ["all", [0, 1, 2]],
    [[1], [1]],
    [[1, 0, 1], [0, 1]],
    [[uuid(1)], [1]],
    [[uuid(1).replace("5eed", "5EED")], [1]],
    [["0000:02:00.0"], [1]],
    [["02:00.0"], [1]],
    [["00000000:02:00.0"], [1]],
    [["0001:0A:00.0", 0], [0, 2]],
    [["00000001:0a:00.0"], [2]],
  ];
  for (const [selectors, indexes] of cases) {
    it(JSON.stringify(selectors), () => expect(selectGpus(host, selectors, "pve").map(({ index }) => index)).to.deep.equal(indexes));
  }

  for (const selector of [3, uuid(3), "0a:00.0", "0002:02:00.0"]) {
    it(`${selector} is not there: the error lists what is`, () => {
      expect(() => selectGpus(host, [0, selector], "pve"))
        .to.throw(PostureError, `pve has no GPU ${selector}; it has 0: RTX 0 (${uuid(0)}), 1: RTX 1 (${uuid(1)}), 2: amd GPU (0001:0a:00.0)`)
        .with.property("code", "gpu-not-found");
    });
  }

  it("a node without any", () => {
    expect(() => selectGpus(discoverGpus(reading({})), "all", "pve")).to.throw(PostureError, "pve shows no GPU");
  });
});

describe("entries of device nodes", () => {
  const node = (path: string) => ({ path, major: 195, minor: 0, exists: true });
  const entries = (main: string, rest = "", nodes = ["/dev/nvidia0", "/dev/nvidiactl"]) => devLines(nodes.map(node), {}, splitLines(main), splitLines(rest));
  const cases: [string, string[], string[]][] = [
    ["the first free indexes", entries(""), ["dev0: /dev/nvidia0,mode=0666", "dev1: /dev/nvidiactl,mode=0666"]],
    ["nobody's is overwritten", entries("dev0: /dev/fuse\ndev2: /dev/x\n"), ["dev1: /dev/nvidia0,mode=0666", "dev3: /dev/nvidiactl,mode=0666"]],
    ["one that is there keeps its index", entries("dev7: /dev/nvidia0,mode=0660\n"), ["dev7: /dev/nvidia0,mode=0666", "dev0: /dev/nvidiactl,mode=0666"]],
    ["however it is spelled", entries("dev7: mode=0660,path=/dev/nvidiactl\n"), ["dev0: /dev/nvidia0,mode=0666", "dev7: /dev/nvidiactl,mode=0666"]],
    ["those of pending changes and snapshots are taken too", entries("", "[pve:pending]\ndev0: /dev/fuse\n[a1]\ndev1: /dev/x\n"), ["dev2: /dev/nvidia0,mode=0666", "dev3: /dev/nvidiactl,mode=0666"]],
    ["comments are not", entries("#dev0: /dev/fuse\n", "", ["/dev/nvidia0"]), ["dev0: /dev/nvidia0,mode=0666"]],
  ];
  for (const [name, lines, expected] of cases) it(name, () => expect(lines).to.deep.equal(expected));

  it("mode and owners as given", () => {
    expect(devLines([node("/dev/nvidia0")], { mode: "0660", uid: 0, gid: 44 }, [], [])).to.deep.equal(["dev0: /dev/nvidia0,mode=0660,uid=0,gid=44"]);
  });

  it("the last free one, and none", () => {
    const full = (count: number) => Array.from({ length: count }, (_, i) => `dev${i}: /dev/x${i}\n`).join("");
    expect(entries(full(255), "", ["/dev/nvidia0"])).to.deep.equal(["dev255: /dev/nvidia0,mode=0666"]);
    expect(() => entries(full(256), "", ["/dev/nvidia0"])).to.throw(PostureError, "the container has no free dev[n] left").with.property("code", "conflict");
    expect(entries(full(256), "", ["/dev/x3"]), "one that is there already needs none").to.deep.equal(["dev3: /dev/x3,mode=0666"]);
  });

  it("raw lines for nodes that know no dev[n]", () => {
    expect(rawLines([{ ...node("/dev/dri/card0"), major: 226, minor: 0 }])).to.deep.equal([
      "lxc.cgroup2.devices.allow: c 226:0 rw", "lxc.mount.entry: /dev/dri/card0 dev/dri/card0 none bind,optional,create=file",
    ]);
  });

  const versions: [string, string, boolean][] = [
    ["5.0.7", "5.0.7", true], ["5.0.6", "5.0.7", false], ["5.0.10", "5.0.7", true], ["5.1", "5.0.7", true], ["5.0", "5.0.7", false],
    ["6.1.10", "5.0.7", true], ["4.4-7", "5.0.7", false], ["10.0.0", "5.0.7", true], ["1:5.0.7", "5.0.7", true], ["5.0.7~bpo12+1", "5.0.7", true], ["", "5.0.7", false],
  ];
  for (const [version, least, expected] of versions) it(`${version || "no version"} is ${expected ? "" : "not "}at least ${least}`, () => expect(atLeast(version, least)).to.equal(expected));
});
