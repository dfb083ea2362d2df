import type { GpuPassthroughInputs } from "../../schemas/gpu-passthrough.js";
import { PostureError } from "../errors.js";
import type { DeviceNode, Gpu, GpuHost } from "./discovery.js";

/** The GPUs that the selectors mean, in the order of the node; an error lists what there is. */
export function selectGpus(host: GpuHost, selectors: GpuPassthroughInputs["gpus"], node: string): Gpu[] {
  if (host.gpus.length === 0) {
    throw new PostureError(
      "gpu-not-found",
      `${node} shows no GPU: /proc/driver/nvidia is not there, and /sys/class/drm lists none of AMD or Intel`,
      "Load the GPU's driver on the node (for NVIDIA: `nvidia-smi` there must list it), then try again.",
    );
  }
  if (selectors === "all") return host.gpus;
  const found = selectors.map((selector) => {
    const gpu = host.gpus.find((candidate) => isMeant(candidate, selector));
    if (gpu) return gpu;
    throw new PostureError(
      "gpu-not-found",
      `${node} has no GPU ${selector}; it has ${host.gpus.map(describe).join(", ")}`,
      "Name one of these in `gpus`.",
    );
  });
  return host.gpus.filter((gpu) => found.includes(gpu));
}

/** The device nodes that the GPUs need: their own and what they share. */
export function neededNodes(host: GpuHost, gpus: readonly Gpu[], node: string): DeviceNode[] {
  if (!host.uvm && gpus.some(({ vendor }) => vendor === "nvidia")) {
    throw new PostureError(
      "gpu-not-found",
      `${node} has not loaded nvidia-uvm, without which CUDA finds no device`,
      "Run `nvidia-modprobe -c 0 -u` on the node, and have that done at boot.",
    );
  }
  const vendors = [...new Set(gpus.map(({ vendor }) => vendor))];
  return [...gpus.flatMap(({ nodes }) => nodes), ...vendors.flatMap((vendor) => host.shared[vendor])];
}

const describe = ({ index, model, uuid, pci }: Gpu): string => `${index}: ${model} (${uuid ?? pci})`;

function isMeant(gpu: Gpu, selector: number | string): boolean {
  if (typeof selector === "number") return gpu.index === selector;
  if (/^GPU-/i.test(selector)) return gpu.uuid?.toLowerCase() === selector.toLowerCase();
  return shortPci(gpu.pci) === shortPci(selector);
}

/** `0000:01:00.0`, `00000000:01:00.0` and `01:00.0` are one address. */
const shortPci = (address: string): string => address.toLowerCase().replace(/^0+:(?=..:..\.)/, "").replace(/^0{4}(?=[0-9a-f]{4}:)/, "");
