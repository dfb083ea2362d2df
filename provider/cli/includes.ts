import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { includesFrom as tableOf, type Includes } from "../apparmor/resolve/index.js";
import { isSkipped } from "../apparmor/skipped.js";
import { readText, reasonOf } from "./files.js";
import { complain } from "./output.js";

type Found = ReturnType<Includes>;

const missing = new Set(["ENOENT", "ENOTDIR"]);

/** What stands at a path: a file, or the files of a directory; undefined where nothing can be opened. */
function at(path: string): Found {
  try {
    const stat = statSync(path);
    if (stat.isFile()) return { file: path, text: readText(path) };
    if (!stat.isDirectory()) return [];
    return readdirSync(path)
      .sort()
      // a link to nowhere is refused where it is read, as the compiler does
      .filter((name) => !isSkipped(name) && (statSync(join(path, name), { throwIfNoEntry: false })?.isFile() ?? true))
      .map((name) => ({ file: join(path, name), text: readText(join(path, name)) }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "invalid-input") throw error;
    // As for the compiler, what can't be opened is not there; but people want to know.
    if (!missing.has(code ?? "")) complain(`${path}: ${reasonOf(error)}`);
    return undefined;
  }
}

/**
 * Finds includes as apparmor_parser does: `<x>` in the first of these directories that has it, `"x"` as a path from
 * the current directory. Each path is read once.
 */
export function includesFrom(directories: readonly string[]): Includes {
  const known = new Map<string, Found>();
  const once = (path: string): Found => {
    if (!known.has(path)) known.set(path, at(path));
    return known.get(path);
  };
  return (path, { magic }) => {
    if (!magic) return once(path);
    for (const directory of directories) {
      const found = once(join(directory, path));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/**
 * Finds includes in a table of texts by path below the include directory. For `"x"` a table has no current directory:
 * what counts there is as many of the path's last parts as name something in the table.
 */
export function includesIn(texts: Readonly<Record<string, string>>): Includes {
  const find = tableOf(texts);
  return (path, how) => {
    if (how.magic) return find(path, how);
    const parts = path.split("/").filter((part) => part !== "");
    for (let start = 0; start < parts.length; start++) {
      const found = find(parts.slice(start).join("/"), how);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}
