/** The files of a node with NVIDIA cards, printed as the driver prints them. */
import type { NodeFile } from "./tree.js";

/** Which NVIDIA cards an embedded node has. */
export interface NvidiaOptions {
  /** How many cards. Default 0: no driver either. */
  gpus?: number;
  /** Character device majors in `/proc/devices`; the driver gets the last two from the kernel, anew at each boot. */
  majors?: { nvidia?: number; "nvidia-uvm"?: number; "nvidia-caps"?: number };
}

const driver = "580.95.05";

function information(index: number): string {
  const bus = busId(index);
  return [
    "Model: \t\t NVIDIA GeForce RTX 5060 Ti",
    `IRQ:   \t\t ${130 + index}`,
    `GPU UUID: \t ${gpuUuid(index)}`,
    "Video BIOS: \t 98.06.1f.00.cd",
    "Bus Type: \t PCIe",
    "DMA Size: \t 47 bits",
    "DMA Mask: \t 0x7fffffffffff",
    `Bus Location: \t ${bus}`,
    `Device Minor: \t ${index}`,
    `GPU Firmware: \t ${driver}`,
    "GPU Excluded:\t No",
    "",
  ].join("\n");
}

/** The PCI address of the card with this index: `0000:01:00.0`, `0000:02:00.0`, … */
export function busId(index: number): string {
  return `0000:${(index + 1).toString(16).padStart(2, "0")}:00.0`;
}

/** The UUID of the card with this index, the same on every embedded node. */
export function gpuUuid(index: number): string {
  return `GPU-5eed0000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`;
}

/** `/proc/devices`, `/proc/driver/nvidia` and place-holders (regular files) for the device nodes. */
export function nvidiaTree(options: NvidiaOptions): Record<string, NodeFile> {
  const { gpus = 0, majors = {} } = options;
  const { nvidia = 195, "nvidia-uvm": uvm = 510, "nvidia-caps": caps = 511 } = majors;
  const characters = [
    [1, "mem"],
    [4, "tty"],
    [5, "/dev/tty"],
    [5, "/dev/console"],
    [5, "/dev/ptmx"],
    [10, "misc"],
    [29, "fb"],
    [136, "pts"],
    [226, "drm"],
    [254, "gpiochip"],
    ...(gpus > 0
      ? ([
          [nvidia, "nvidia"],
          [uvm, "nvidia-uvm"],
          [caps, "nvidia-caps"],
        ] as const)
      : []),
  ] as [number, string][];
  characters.sort(([a], [b]) => a - b);
  const line = ([major, name]: [number, string]) => `${String(major).padStart(3)} ${name}\n`;
  const files: Record<string, NodeFile> = {
    "/proc/devices": `Character devices:\n${characters.map(line).join("")}\nBlock devices:\n${line([7, "loop"])}${line([8, "sd"])}`,
  };
  if (gpus === 0) return files;

  files["/proc/driver/nvidia/version"] =
    `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  ${driver}  Release Build  (dvs-builder)  ` +
    "Tue Sep 23 09:55:41 UTC 2025\nGCC version:  gcc version 14.2.0 (Debian 14.2.0-19) \n";
  for (let index = 0; index < gpus; index++) {
    files[`/proc/driver/nvidia/gpus/${busId(index)}/information`] = information(index);
    files[`/dev/nvidia${index}`] = "";
  }
  for (const name of ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"])
    files[`/dev/${name}`] = "";
  return files;
}
