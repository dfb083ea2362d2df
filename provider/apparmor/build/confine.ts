import type { FileRule } from "../ast.js";
import { frozen, onlyKeys, path, refuse } from "./check.js";
import { listable, nameClasses, type NameClass } from "./complement.js";
import { bitsOf, letters, lettersOf, nameTrie } from "./name-trie.js";
import { permissionsOf } from "./permissions.js";

/** What stays allowed below a tree. */
export interface Listed {
  /**
   * Relative to the tree: `models/**` for all below a directory, `models/*` for the files right in it, `models/` for the
   * directory itself, `models` for what has this name, file or directory. A glob at any other place is refused.
   */
  path: string;
  /**
   * Of `r`, `w`, `l`, `k`, `m`, `x`. `x` brings `m`: what `ix` executes may map itself, and whether a denial of `m` alone
   * changes that depends on the order in which apparmor_parser keeps rules. `a` is refused, as a denial of `w` denies it too.
   */
  permissions: string;
}

export interface ConfineOptions {
  /** default true: denials are logged */
  audit?: boolean;
  /** the tree's own directory; default `list`: it can be listed, not changed; `open`: no rule speaks of it */
  own?: "list" | "open";
}

const everything = bitsOf(letters);

/**
 * Denies every access below a tree but the listed ones: the fewest rules that do, one for each set of permissions.
 *
 * It allows nothing: that takes a rule such as `file()`, next to which an allow of less narrows nothing. Directories on
 * the way to what is listed, those of `/**` and `/*` themselves among them, can be listed, not changed.
 *
 * @param tree absolute; may hold globs, as `/{,**\/}mnt/shared` for a tree that may be mounted elsewhere as well
 * @example confine("/mnt/shared", [{ path: "models/**", permissions: "rw" }, { path: "public/**", permissions: "r" }])
 */
export function confine(tree: string, listed: readonly Listed[], options: ConfineOptions = {}): FileRule[] {
  const where = `confine(${tree})`;
  onlyKeys(options, ["audit", "own"], where);
  const base = treeOf(tree, where);
  const root = nameTrie(listed.map((each) => ({ path: each.path, bits: grantedBy(each, where) })), where);
  const own: NameClass[] = options.own === "open" ? [] : [{ glob: "", granted: listable | root.exact }];
  const rules = byDenial([...own, ...nameClasses(root)]).map(({ denied, globs }): FileRule => {
    const names = globs.length === 1 ? globs[0]! : `{${globs.join(",")}}`;
    const { permissions, x } = permissionsOf(lettersOf(denied), true, where);
    return {
      kind: "file",
      qualifiers: { ...((options.audit ?? true) && { audit: true }), mode: "deny" },
      path: { value: `${base}/${names}` },
      permissions,
      ...(x && { exec: "x" as const }),
    };
  });
  return frozen(rules);
}

/**
 * Globs that together match every name below a tree but the listed ones and what leads to them: for a variable that
 * further denials share, such as those of mounts.
 *
 * @param paths as in {@link Listed}
 * @example variable("@{NOT_MODELS}", unlisted(["models", "models/**"]))
 */
export function unlisted(paths: readonly string[]): string[] {
  const root = nameTrie(paths.map((each) => ({ path: each, bits: everything })), "unlisted()");
  return nameClasses(root).filter(({ granted }) => granted === 0).map(({ glob }) => glob);
}

function treeOf(tree: string, where: string): string {
  path(tree, where);
  if (tree.endsWith("/") && tree !== "/") refuse(where, "must not end with a slash");
  if (/[*?]$|[^\\]\}$/.test(tree)) refuse(where, "must end with a name, not with a glob");
  return tree === "/" ? "" : tree;
}

function grantedBy({ path: listed, permissions }: Listed, where: string): number {
  const at = `${where}: ${JSON.stringify(listed)}`;
  const { permissions: plain, x } = permissionsOf(permissions, true, at);
  if (plain.includes("a")) refuse(at, "a can't be listed without w: a denial of w denies it too");
  return bitsOf(plain) | (x ? bitsOf("mx") : 0);
}

/** Classes by what is denied to them; a denial that others make together is left to those. */
function byDenial(classes: readonly NameClass[]): { denied: number; globs: string[] }[] {
  const globs = new Map<number, string[]>();
  for (const { glob, granted } of classes) {
    const denied = everything & ~granted;
    if (denied !== 0) globs.set(denied, [...(globs.get(denied) ?? []), glob]);
  }
  // the largest first: what it is made of may itself be made of others
  for (const denied of [...globs.keys()].sort((a, b) => bitCount(b) - bitCount(a))) {
    const others = cover(denied, [...globs.keys()].filter((each) => each !== denied && (each & ~denied) === 0));
    if (others.length === 0) continue;
    for (const other of others) globs.set(other, [...globs.get(other)!, ...globs.get(denied)!]);
    globs.delete(denied);
  }
  return [...globs].map(([denied, list]) => ({ denied, globs: list }));
}

/** Those of `parts` that make up `whole` and none too many; none when they don't. */
function cover(whole: number, parts: readonly number[]): number[] {
  const union = (of: readonly number[]) => of.reduce((sum, each) => sum | each, 0);
  if (union(parts) !== whole) return [];
  return parts.reduce<readonly number[]>((kept, part) => {
    const without = kept.filter((each) => each !== part);
    return union(without) === whole ? without : kept;
  }, parts) as number[];
}

function bitCount(bits: number): number {
  return lettersOf(bits).length;
}
