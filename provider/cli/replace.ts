import { chmodSync, chownSync, closeSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { PostureError } from "../errors.js";
import { reasonOf } from "./files.js";

/**
 * Writes a file as a whole or not at all; mode and owner stay. What a link points to is replaced, not the link.
 *
 * @throws PostureError when it can't be written
 */
export function replace(file: string, text: string): void {
  let beside: string | undefined;
  try {
    const target = realpathSync(file);
    const { mode, uid, gid } = statSync(target);
    const descriptor = openSync(`${target}.pve-posture~`, "wx");
    // from here on it is ours to remove
    beside = `${target}.pve-posture~`;
    try {
      writeFileSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
    chmodSync(beside, mode & 0o7777);
    if (process.getuid?.() === 0) chownSync(beside, uid, gid);
    renameSync(beside, target);
  } catch (error) {
    if (beside !== undefined) rmSync(beside, { force: true });
    throw new PostureError("invalid-input", `${file}: can't be written: ${reasonOf(error)}`);
  }
}
