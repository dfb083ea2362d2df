import { gpuPassthroughInputs, type GpuPassthroughInputs } from "../../schemas/gpu-passthrough.js";
import { parseConf } from "../container/conf.js";
import type { Ledger } from "../container/ledger.js";
import { shown } from "../container/shown.js";
import { discoverGpus, type DeviceNode, type Gpu, type GpuHost } from "../devices/discovery.js";
import { atLeast, devEntriesSince, devLines, rawLines } from "../devices/entries.js";
import { neededNodes, selectGpus } from "../devices/select.js";
import { PostureError } from "../errors.js";
import {
  confClaims, confRequests, containerPlan, drifted, isContainerGone, leftNotes, nothing, ownerElsewhere, planConf, planConfBack, readConf,
} from "./container.js";
import type { Kept, Kind, Plan } from "./kind.js";
import { machineOf } from "./machine.js";
import type { Answers, Request } from "./steps.js";

export interface GpuPassthroughState extends GpuPassthroughInputs, Kept<Memory> {
  /** the GPUs that are passed through */
  found: Pick<Gpu, "index" | "vendor" | "model" | "uuid" | "pci">[];
  devices: Pick<DeviceNode, "path" | "major" | "minor">[];
  deviceRules: { action: "allow"; rule: string }[];
  /** the lines that the resource stands for */
  lines: string[];
}

interface Memory {
  ledger: Ledger;
  lines: string[];
}

const discovery: Request[] = [
  { ask: "file", path: "/proc/devices" },
  { ask: "files", pattern: "/proc/driver/nvidia/gpus/*/information" },
  { ask: "files", pattern: "/sys/class/drm/*/dev" },
  { ask: "files", pattern: "/sys/class/drm/*/device/vendor" },
  { ask: "files", pattern: "/sys/class/drm/*/device/uevent" },
  { ask: "paths", pattern: "/dev/nvidia*" },
  { ask: "paths", pattern: "/dev/dri/*" },
  { ask: "paths", pattern: "/dev/kfd" },
  { ask: "package", name: "pve-container" },
];

export const gpuPassthrough: Kind<GpuPassthroughInputs, GpuPassthroughState, Memory> = {
  schema: gpuPassthroughInputs,
  replaceOn: ["vmid"],
  title: ({ vmid }) => `container ${vmid}`,

  requests: ({ vmid }) => [...confRequests(vmid), ...discovery],

  elsewhere: ({ vmid }, answers) => ownerElsewhere(vmid, answers),

  isGone: ({ vmid }, answers) => isContainerGone(vmid, answers),

  plan(inputs, former, answers, claimed): Plan<Memory> {
    const { vmid } = inputs;
    const text = readConf(vmid, answers);
    const lines = linesOf(inputs, answers, text);
    const conf = planConf(vmid, text, { lines }, former?.ledger, claimed);
    return containerPlan(vmid, answers, { lines, ledger: conf.ledger }, [conf], []);
  },

  planDelete(state, answers, claimed): Plan<undefined> {
    const { vmid } = state;
    if (isContainerGone(vmid, answers)) return nothing;
    const conf = planConfBack(vmid, readConf(vmid, answers), state.ledger, claimed);
    return containerPlan(vmid, answers, undefined, [conf], leftNotes(conf.foreign));
  },

  claims: ({ vmid, ledger }) => confClaims(vmid, ledger),

  outputs(inputs, memory, answers, secrecy): GpuPassthroughState {
    const { gpus, nodes, problem } = tryPassThrough(inputs, answers);
    const text = readConf(inputs.vmid, answers);
    const { changes } = planConf(inputs.vmid, text, memory, memory);
    return {
      ...inputs,
      found: gpus.map(({ index, vendor, model, uuid, pci }) => ({ index, vendor, model, ...(uuid ? { uuid } : {}), pci })),
      devices: nodes.map(({ path, major, minor }) => ({ path, major, minor })),
      deviceRules: nodes.map(({ major, minor }) => ({ action: "allow" as const, rule: `c ${major}:${minor} rw` })),
      lines: memory.lines.map((line) => shown(line, secrecy)),
      drift: [...(problem ? [problem] : []), ...drifted(changes, secrecy)],
      machine: machineOf(answers),
      ledger: memory,
    };
  },
};

/** A GPU that has vanished is drift to a refresh, and an error only to an update. */
function tryPassThrough(inputs: GpuPassthroughInputs, answers: Answers): { gpus: Gpu[]; nodes: DeviceNode[]; problem?: string } {
  try {
    return passedThrough(inputs, answers);
  } catch (error) {
    if (!(error instanceof PostureError)) throw error;
    return { gpus: [], nodes: [], problem: error.what };
  }
}

function passedThrough({ node, gpus: selectors }: GpuPassthroughInputs, answers: Answers): { gpus: Gpu[]; nodes: DeviceNode[] } {
  const host = readHost(answers);
  const gpus = selectGpus(host, selectors, node);
  return { gpus, nodes: neededNodes(host, gpus, node) };
}

function readHost(answers: Answers): GpuHost {
  const field = (pattern: string, part: number) =>
    Object.fromEntries(Object.entries(answers.files(pattern)).map(([path, text]) => [path.split("/")[part]!, text]));
  const vendors = field("/sys/class/drm/*/device/vendor", 4);
  const events = field("/sys/class/drm/*/device/uevent", 4);
  const drm = Object.entries(field("/sys/class/drm/*/dev", 4)).map(([name, dev]) => {
    const pci = /^PCI_SLOT_NAME=(.+)$/m.exec(events[name] ?? "")?.[1] ?? name;
    return [name, { dev, vendor: vendors[name] ?? "", pci }] as const;
  });
  return discoverGpus({
    devices: answers.file("/proc/devices") ?? "",
    nvidia: field("/proc/driver/nvidia/gpus/*/information", 5),
    drm: Object.fromEntries(drm),
    nodes: ["/dev/nvidia*", "/dev/dri/*", "/dev/kfd"].flatMap((pattern) => answers.paths(pattern)),
  });
}

function linesOf(inputs: GpuPassthroughInputs, answers: Answers, text: string): string[] {
  const { nodes } = passedThrough(inputs, answers);
  const version = answers.package("pve-container");
  const entries = inputs.entries ?? "auto";
  const dev = entries === "dev" || (entries === "auto" && version !== undefined && atLeast(version, devEntriesSince));
  if (dev && version !== undefined && !atLeast(version, devEntriesSince)) {
    throw new PostureError(
      "conflict",
      `pve-container ${version} knows no dev[n] entries; they came with ${devEntriesSince}`,
      'Upgrade the node, or set `entries: "raw"`.',
    );
  }
  if (!dev) return rawLines(nodes);
  const missing = nodes.filter(({ exists }) => !exists);
  if (missing.length > 0) {
    throw new PostureError(
      "gpu-not-found",
      `${missing.map(({ path }) => path).join(", ")} ${missing.length > 1 ? "are" : "is"} not there, so a container with ${missing.length > 1 ? "them" : "it"} would not start`,
      "The driver makes NVIDIA's nodes when they are first used: run `nvidia-modprobe -c 0 -u` or `nvidia-smi` on the node, and have that done at boot.",
    );
  }
  const conf = parseConf(text);
  return devLines(nodes, inputs, conf.main, conf.rest);
}
