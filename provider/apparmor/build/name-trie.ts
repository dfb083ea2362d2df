import { refuse } from "./check.js";

/** Permissions of a name as bits, in this order. */
export const letters = "rwlkmx";

export function bitsOf(permissions: string): number {
  return [...permissions].reduce((bits, letter) => bits | (1 << letters.indexOf(letter)), 0);
}

export function lettersOf(bits: number): string {
  return [...letters].filter((_, at) => bits & (1 << at)).join("");
}

/** A byte of names below a tree, with what is granted there. */
export interface NameNode {
  children: Map<number, NameNode>;
  /** to the name that ends here */
  exact: number;
  /** to every name below, from `/**` */
  below: number;
  /** to the files right in this directory, from `/*` */
  direct: number;
}

export const slash = "/".charCodeAt(0);

const node = (): NameNode => ({ children: new Map(), exact: 0, below: 0, direct: 0 });

/** The rules that come of it grow with the square of a path's length. */
const maxLength = 1000;
const maxTotal = 10_000;

/** Names relative to a tree, byte by byte: the kernel's globs know bytes only. */
export function nameTrie(listed: readonly { path: string; bits: number }[], where: string): NameNode {
  const total = listed.reduce((sum, { path }) => sum + path.length, 0);
  if (total > maxTotal) refuse(where, `the paths are ${total} characters long together; it takes ${maxTotal}`);
  const root = node();
  for (const { path, bits } of listed) {
    const { name, tail } = split(path, `${where}: ${JSON.stringify(path)}`);
    let at = root;
    for (const byte of new TextEncoder().encode(name)) {
      let next = at.children.get(byte);
      if (!next) at.children.set(byte, (next = node()));
      at = next;
    }
    if (tail === "**") at.below |= bits;
    else if (tail === "*") at.direct |= bits;
    else at.exact |= bits;
    // a plain name may be a directory's
    if (tail === "" && !name.endsWith("/")) {
      const directory = at.children.get(slash) ?? node();
      directory.exact |= bits;
      at.children.set(slash, directory);
    }
  }
  return root;
}

/** `a/b/**` is `a/b/` and `**`; escapes are resolved. */
function split(path: string, where: string): { name: string; tail: "" | "*" | "**" } {
  if (path === "" || path.length > maxLength) refuse(where, `must be 1 to ${maxLength} characters`);
  if (path.startsWith("/") || path.includes("//")) refuse(where, "must be relative to the tree, without `//`");
  const tail = /(?:^|\/)(\*\*?)$/.exec(path)?.[1] ?? "";
  const glob = path.slice(0, path.length - tail.length);
  // what is left without its escapes
  const plain = glob.replace(/\\[^]/g, "");
  if (/[*?[\]{}\\]|@\{/.test(plain)) {
    refuse(where, "can't be complemented: a glob may stand at the end only, as `/**` or `/*`; literal() makes a name mean itself");
  }
  if (/[\u0000-\u001f\u007f]/.test(glob)) refuse(where, "must not contain control characters");
  const name = glob.replace(/\\([^])/g, "$1");
  if (name.split("/").some((part) => part === "." || part === "..")) refuse(where, "must not contain `.` or `..`");
  return { name, tail: tail as "" | "*" | "**" };
}
