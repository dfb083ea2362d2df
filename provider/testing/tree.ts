/** The files an embedded node starts with: the little of a Proxmox VE node that the library looks at. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path/posix";
import { apparmorTree } from "./apparmor-tree.js";
import { nvidiaTree, type NvidiaOptions } from "./nvidia-tree.js";

/** A file's content, alone or with its mode (an octal number such as `0o640`). */
export type NodeFile = string | Uint8Array | { content: string | Uint8Array; mode?: number };

/** What the tree of an embedded node holds. */
export interface TreeOptions extends NvidiaOptions {
  /** The node's name: `/etc/hostname`, and its directory below `/etc/pve/nodes`. Default `pve`. */
  hostname?: string;
  /** Further files by their absolute path on the node. They are written last and win. */
  files?: Record<string, NodeFile>;
}

/**
 * Where a path of the node lies on this machine.
 *
 * @param root the node's root directory
 * @param path an absolute path on the node
 */
export function within(root: string, path: string): string {
  if (!path.startsWith("/")) throw new Error(`"${path}" isn't an absolute path on the node`);
  return join(root, normalize(path)); // normalize keeps an absolute path below its "/", whatever ".." it holds
}

/** Writes one file of the node, with the directories above it. */
export async function place(root: string, path: string, file: NodeFile): Promise<void> {
  const { content, mode = undefined } =
    typeof file === "string" || file instanceof Uint8Array ? { content: file } : file;
  const target = within(root, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  if (mode !== undefined) await chmod(target, mode); // writeFile's own mode is cut by the umask
}

const installed = { "pve-container": "6.1.10", "lxc-pve": "6.0.5-2", apparmor: "4.1.0-1" };

const dpkgStatus = Object.entries(installed)
  .map(([name, version]) =>
    [
      `Package: ${name}`,
      "Status: install ok installed",
      "Priority: optional",
      "Section: admin",
      "Maintainer: nobody <nobody@localhost>",
      `Architecture: ${name === "pve-container" ? "all" : "amd64"}`,
      `Version: ${version}`,
      `Description: stand-in for ${name}`,
      "",
    ].join("\n"),
  )
  .join("\n");

/**
 * Writes the whole tree below `root`, which must exist.
 *
 * @param root an empty directory
 */
export async function writeTree(root: string, options: TreeOptions = {}): Promise<void> {
  const hostname = options.hostname ?? "pve";
  const directories = [
    `/etc/pve/nodes/${hostname}/lxc`,
    "/etc/pve/firewall",
    "/etc/apparmor.d/lxc",
    "/run/lock/lxc",
    "/var/lib/lxc",
    "/var/lib/vz",
    "/sys/fs/cgroup/lxc",
    "/proc",
    "/dev",
    "/root",
    "/tmp",
  ];
  for (const path of directories) await mkdir(within(root, path), { recursive: true });
  // Relative, as pmxcfs has them: an absolute one would lead out of the root.
  await symlink(`nodes/${hostname}/lxc`, within(root, "/etc/pve/lxc"));
  await symlink(`nodes/${hostname}`, within(root, "/etc/pve/local"));

  const files: Record<string, NodeFile> = {
    "/etc/hostname": `${hostname}\n`,
    "/etc/machine-id": `${randomBytes(16).toString("hex")}\n`,
    "/var/lib/dpkg/status": dpkgStatus,
    ...apparmorTree,
    ...nvidiaTree(options),
    ...options.files,
  };
  for (const [path, file] of Object.entries(files)) await place(root, path, file);
}
