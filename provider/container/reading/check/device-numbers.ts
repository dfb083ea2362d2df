import type { DeviceRule } from "../../../devices/cgroup2.js";

/** What is known of a device by its path alone. */
export type Known = { major: number; minor: number } | { major: number; minor: "*" } | undefined;

/** Numbers that are the same on every node. Source: Documentation/admin-guide/devices.txt of the kernel; 195 is NVIDIA's. */
const paths: [path: RegExp, major: number, minor: number | "*" | "its own"][] = [
  [/^\/dev\/nvidia(\d+)$/, 195, "its own"],
  [/^\/dev\/nvidiactl$/, 195, 255],
  [/^\/dev\/nvidia-modeset$/, 195, 254],
  [/^\/dev\/dri\/(?:card|renderD)(\d+)$/, 226, "its own"],
  // a directory: which devices are there is the node's business
  [/^\/dev\/dri$/, 226, "*"],
  [/^\/dev\/fuse$/, 10, 229],
  [/^\/dev\/kvm$/, 10, 232],
  [/^\/dev\/net\/tun$/, 10, 200],
];

/** The numbers of a character device; undefined where they differ from node to node, or from boot to boot. */
export function numbersOf(path: string): Known {
  for (const [pattern, major, minor] of paths) {
    const match = pattern.exec(path);
    if (match) return { major, minor: minor === "its own" ? Number(match[1]) : minor };
  }
  return undefined;
}

/** Majors that belong to other devices than those whose numbers change. */
const fixed = new Set([1, 5, 10, 136, 195, 226]);

/** Whether a rule may be meant for a device that nobody knows the numbers of. */
export const mayBeMeant = ({ type, major, access }: DeviceRule): boolean =>
  type !== "b" && /[rw]/.test(access) && (major === "*" || !fixed.has(major));
