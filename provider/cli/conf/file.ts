import { readFileSync } from "node:fs";
import { PostureError } from "../../errors.js";
import { reasonOf, standardInput } from "../files.js";

/** More than /etc/pve holds in all. */
const most = 128 * 1024 * 1024;

/**
 * A container's configuration, byte for byte (latin1): what is no UTF-8, or no text at all, is read too, as Proxmox VE
 * does.
 *
 * @param path a path, or `-` for standard input
 * @throws PostureError when it can't be read
 */
export function readConfFile(path: string): string {
  try {
    const bytes = readFileSync(path === standardInput ? 0 : path);
    if (bytes.length <= most) return bytes.toString("latin1");
  } catch (error) {
    // A standard input that is closed is empty.
    if (path === standardInput && (error as NodeJS.ErrnoException).code === "EOF") return "";
    throw new PostureError("invalid-input", `${path}: ${reasonOf(error)}`);
  }
  throw new PostureError("invalid-input", `${path}: more than 128 MiB, which is no container's configuration`);
}
