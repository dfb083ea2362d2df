import { isSkipped } from "../skipped.js";
import type { IncludedFile, Includes } from "./types.js";

/**
 * Includes out of a table of texts: `abstractions/base` to its text. A directory gives the files right below it, those
 * left out that AppArmor passes over (`.x`, `README`, `x.dpkg-old`, …).
 *
 * @param files by path below the include directory, or by absolute path for `"/x"`
 */
export function includesFrom(files: Readonly<Record<string, string>>): Includes {
  const table = new Map(Object.entries(files).map(([path, text]) => [normal(path), text]));
  const directories = new Map<string, string[]>();
  for (const path of [...table.keys()].sort()) {
    const [, directory, name] = /^(.*?)\/?([^/]*)$/s.exec(path)!;
    if (isSkipped(name!)) continue;
    const within = directories.get(directory!);
    if (within) within.push(path);
    else directories.set(directory!, [path]);
  }
  for (const path of table.keys())
    for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) addDirectory(directories, path.slice(0, at));

  const read = (path: string): IncludedFile => ({ file: path, text: table.get(path)! });
  const find = (path: string): ReturnType<Includes> => (table.has(path) ? read(path) : directories.get(path)?.map(read));
  return (path, { magic }) => {
    const wanted = normal(path);
    // `</x>` is searched in the include directories as well
    if (magic) return find(wanted.replace(/^\//, ""));
    if (path.startsWith("/")) return find(wanted);
    // `"x/y"` is seen from a working directory that the table does not know: from any that holds it.
    for (let rest = wanted; ; rest = rest.slice(rest.indexOf("/") + 1)) {
      const found = find(rest);
      if (found !== undefined || !rest.includes("/")) return found;
    }
  };
}

function addDirectory(directories: Map<string, string[]>, path: string): void {
  if (!directories.has(path)) directories.set(path, []);
}

/** `./a//b/../c/` is `a/c`; a leading slash stays. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return (path.startsWith("/") ? "/" : "") + parts.join("/");
}
