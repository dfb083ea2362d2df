import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isSkipped } from "../apparmor/skipped.js";
import { PostureError } from "../errors.js";

/** How standard input is named on the command line. */
export const standardInput = "-";

const most = 64 * 1024 * 1024;

const reasons: Record<string, string> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "no such file (a part of its path is no directory)",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
};

/** Why the system refuses a file, in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ""] ?? message;
}

/**
 * The text of a file.
 *
 * @param path a path, or `-` for standard input
 * @throws PostureError when it can't be read, has more than 64 MiB, or is no UTF-8 text
 */
export function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path === standardInput ? 0 : path);
  } catch (error) {
    // A standard input that is closed is empty.
    if (path === standardInput && (error as NodeJS.ErrnoException).code === "EOF") return "";
    throw new PostureError("invalid-input", `${path}: ${reasonOf(error)}`);
  }
  if (bytes.length > most) throw new PostureError("invalid-input", `${path}: more than 64 MiB, which is no AppArmor profile`);
  if (bytes.includes(0)) throw new PostureError("invalid-input", `${path}: binary data (a NUL byte at offset ${bytes.indexOf(0)})`);
  try {
    // The mark stays: the compiler would stumble over it too.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new PostureError(
      "invalid-input",
      `${path}: not UTF-8 (line ${firstBadLine(bytes)})`,
      "Convert it, e.g. with `iconv -f latin1 -t utf8`.",
    );
  }
}

function firstBadLine(bytes: Buffer): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(10, start);
    try {
      decoder.decode(bytes.subarray(start, end < 0 ? undefined : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    start = end + 1;
  }
}

/**
 * The files that a command line names. A directory stands for the files right within it, in the order of their
 * names, without those that apparmor_parser passes over (`.x`, `x~`, `x.dpkg-old`, …); its folders (`abstractions`,
 * `tunables`, `local`, …) hold parts of profiles.
 */
export function* named(paths: readonly string[]): Generator<string> {
  for (const path of paths) {
    if (path === standardInput || !isDirectory(path)) yield path;
    else for (const name of readdirSync(path).sort()) if (!isSkipped(name) && mayBeFile(join(path, name))) yield join(path, name);
  }
}

/** Neither a directory nor a device or pipe, which would never end; a link to nowhere is named when it is read. */
function mayBeFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // reading it says why
  }
}
