/** What a node says about its GPUs; the texts as the kernel shows them. */
export interface GpuReading {
  /** `/proc/devices` */
  devices: string;
  /** `/proc/driver/nvidia/gpus/<pci>/information`, by PCI address */
  nvidia: Record<string, string>;
  /** DRM nodes (`card0`, `renderD128`) with what sysfs says of them */
  drm: Record<string, { dev: string; vendor: string; pci: string }>;
  /** device nodes that exist, such as `/dev/nvidia0` */
  nodes: string[];
}

export interface DeviceNode {
  path: string;
  major: number;
  minor: number;
  /** whether the node is there now; some appear only once they are used */
  exists: boolean;
}

export interface Gpu {
  /** NVIDIA: the device's minor, as `nvidia-smi -L` counts; others: in the order of PCI addresses after them */
  index: number;
  vendor: "nvidia" | "amd" | "intel";
  model: string;
  uuid?: string;
  pci: string;
  /** the nodes that belong to this GPU alone */
  nodes: DeviceNode[];
}

export interface GpuHost {
  gpus: Gpu[];
  /** nodes that every user of a vendor's GPUs needs */
  shared: Record<Gpu["vendor"], DeviceNode[]>;
  /** whether `nvidia-uvm` is loaded: without it CUDA finds no device */
  uvm: boolean;
}

const vendors: Record<string, Gpu["vendor"]> = { "0x10de": "nvidia", "0x1002": "amd", "0x8086": "intel" };

/** Reads the node's answer. Majors come from `/proc/devices`: those of `nvidia-uvm` differ from boot to boot. */
export function discoverGpus(reading: GpuReading): GpuHost {
  const majors = characterMajors(reading.devices);
  const exists = (path: string) => reading.nodes.includes(path);
  const node = (path: string, major: number | undefined, minor: number): DeviceNode[] =>
    major === undefined ? [] : [{ path, major, minor, exists: exists(path) }];

  // the driver's own name for the major was nvidia-frontend before 550.40
  const nvidiaMajor = majors.get("nvidia") ?? majors.get("nvidia-frontend");
  const uvmMajor = majors.get("nvidia-uvm");
  const nvidia = Object.entries(reading.nvidia).flatMap(([pci, text]): Gpu[] => {
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, "m").exec(text)?.[1];
    const number = field("Device Minor") ?? "";
    // a card that the driver gave no number has no node that could be passed on
    if (!/^\d+$/.test(number)) return [];
    const minor = Number(number);
    const uuid = field("GPU UUID");
    return [
      {
        index: minor,
        vendor: "nvidia",
        model: (field("Model") || "unknown").replace(/[^\x20-\x7e]/g, "?"),
        ...(uuid && /^GPU-[0-9a-f-]{36}$/i.test(uuid) ? { uuid } : {}),
        pci,
        nodes: node(`/dev/nvidia${minor}`, nvidiaMajor, minor),
      },
    ];
  });
  const others = drmGpus(reading, exists);
  // minors may have gaps, after a card has gone
  const first = Math.max(-1, ...nvidia.map(({ index }) => index)) + 1;
  return {
    gpus: [
      ...nvidia.sort((a, b) => a.index - b.index),
      ...others.map((gpu, i) => ({ ...gpu, index: first + i })),
    ],
    shared: {
      // minors: NVIDIA open-gpu-kernel-modules, nv-frontend.h and uvm_linux.h
      nvidia: [
        ...node("/dev/nvidiactl", nvidiaMajor, 255),
        ...node("/dev/nvidia-uvm", uvmMajor, 0),
        ...node("/dev/nvidia-uvm-tools", uvmMajor, 1),
      ],
      amd: node("/dev/kfd", majors.get("kfd"), 0),
      intel: [],
    },
    uvm: uvmMajor !== undefined,
  };
}

/** The section «Character devices» of `/proc/devices`: name to major. */
export function characterMajors(text: string): Map<string, number> {
  const section = /Character devices:\n([\s\S]*?)(?:\n\n|\nBlock devices:|$)/.exec(text)?.[1] ?? "";
  return new Map([...section.matchAll(/^\s*(\d+) (.+?)\s*$/gm)].map(([, major, name]) => [name!, Number(major)]));
}

function drmGpus({ drm }: GpuReading, exists: (path: string) => boolean): Omit<Gpu, "index">[] {
  const byPci = new Map<string, Omit<Gpu, "index">>();
  for (const [name, { dev, vendor: id, pci }] of Object.entries(drm)) {
    const vendor = vendors[id.trim()];
    const numbers = /^(\d+):(\d+)\s*$/.exec(dev);
    // NVIDIA's cards are found through their own driver; what it doesn't drive is of no use to a container
    if (!vendor || vendor === "nvidia" || !numbers) continue;
    const gpu = byPci.get(pci) ?? { vendor, model: `${vendor} GPU`, pci, nodes: [] };
    const path = `/dev/dri/${name}`;
    gpu.nodes.push({ path, major: Number(numbers[1]), minor: Number(numbers[2]), exists: exists(path) });
    byPci.set(pci, gpu);
  }
  return [...byPci.values()].sort((a, b) => (a.pci < b.pci ? -1 : 1));
}
