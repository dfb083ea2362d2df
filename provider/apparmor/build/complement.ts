import { bitsOf, slash, type NameNode } from "./name-trie.js";

/** Names below a tree, as a glob, and what is granted to each of them. */
export interface NameClass {
  glob: string;
  granted: number;
}

/** What a directory that others are reached through keeps: it can be listed, and is never mapped or executed. */
export const listable = bitsOf("rmx");

interface Visit {
  node: NameNode;
  bytes: number[];
  /** granted by a `/**` above */
  below: number;
  /** granted by the `/*` of the directory that this name is in */
  direct: number;
}

/**
 * Every name below a tree but the empty one in classes that don't overlap: each name that is a prefix of a listed one,
 * and what leaves the listed names behind it: `m`, `m[^o]**`, …
 */
export function nameClasses(root: NameNode): NameClass[] {
  const classes: NameClass[] = [];
  const visits: Visit[] = [{ node: root, bytes: [], below: 0, direct: 0 }];
  for (let visit = visits.pop(); visit; visit = visits.pop()) {
    const { node, bytes } = visit;
    const glob = globOf(bytes);
    const directory = bytes.length === 0 || bytes.at(-1) === slash;
    if (bytes.length > 0) classes.push({ glob, granted: grantedTo(visit, directory) });
    const below = visit.below | node.below;
    const direct = directory ? node.direct : visit.direct;
    classes.push(...leaving(glob, node, directory, below, direct));
    const children = [...node.children].sort(([a], [b]) => b - a);
    for (const [byte, child] of children) visits.push({ node: child, bytes: [...bytes, byte], below, direct });
  }
  return classes;
}

function grantedTo({ node, below, direct }: Visit, directory: boolean): number {
  const way = directory && (node.children.size > 0 || node.below !== 0 || node.direct !== 0);
  return node.exact | below | (directory ? 0 : direct) | (way ? listable : 0);
}

/** The names that begin with this one and go on with no listed byte. */
function leaving(glob: string, node: NameNode, directory: boolean, below: number, direct: number): NameClass[] {
  const next = [...node.children.keys()].sort((a, b) => a - b);
  if ((direct & ~below) === 0) return [{ glob: `${glob}${classOf(next.length > 0 ? next : [slash])}**`, granted: below }];
  // `/*` grants names without a further slash only
  const first = `${classOf([...new Set([...next, slash])])}*`;
  const deeper = directory || node.children.has(slash) ? first : `{,${first}}`;
  return [
    { glob: glob + first, granted: below | direct },
    { glob: `${glob}${deeper}/{,**}`, granted: below },
  ];
}

/** Characters as they are, escaped where globs give them a meaning; bytes that are no whole character as `\303`. */
function globOf(bytes: number[]): string {
  const text = new TextDecoder("utf-8", { ignoreBOM: true });
  const end = wholeEnd(bytes);
  const whole = text.decode(Uint8Array.from(bytes.slice(0, end))).replace(/[\\*?[\]{},]/g, "\\$&");
  return whole + bytes.slice(end).map(octal).join("");
}

/** Where the last whole character of UTF-8 ends. */
function wholeEnd(bytes: number[]): number {
  let start = bytes.length;
  while (start > 0 && (bytes[start - 1]! & 0xc0) === 0x80) start--;
  const lead = bytes[start - 1];
  if (lead === undefined || lead < 0xc0) return bytes.length;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return bytes.length - (start - 1) === length ? bytes.length : start - 1;
}

/** `[^abc]`; a `-` first, where it is no range: the compiler drops its backslash. It keeps that of a comma, octal ones too. */
function classOf(bytes: number[]): string {
  const dash = "-".charCodeAt(0);
  const others = bytes.filter((byte) => byte !== dash);
  const text = others.map((byte) => (byte > 127 ? octal(byte) : String.fromCharCode(byte).replace(/[\\*?[\]{}]/, "\\$&"))).join("");
  return `[^${bytes.length > others.length ? "-" : ""}${text}]`;
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, "0")}`;
}
