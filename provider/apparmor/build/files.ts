import type { ExecMode, FileRule, LinkRule } from "../ast.js";
import { execModes } from "../names/index.js";
import { frozen, onlyKeys, oneOf, path, refuse, word } from "./check.js";
import { permissionsOf, type FilePermissions } from "./permissions.js";

/** How an executed program runs; `x` alone is for denials, see {@link deny}. */
export type GrantedExecMode = Exclude<ExecMode, "x">;

/** A file rule that grants no execution. */
export type PlainFileRule = FileRule & { exec?: undefined };

/**
 * `file("/srv/models/**", "rw")`. Without arguments every file with every permission, execution with `ix` included:
 * next to that no other file rule narrows anything but denials.
 *
 * @param glob absolute, may hold globs and variables; {@link literal} makes a name mean itself
 * @param permissions each of `rwalkm` at most once; `w` includes `a`
 */
export function file(): FileRule;
export function file<P extends string>(glob: string, permissions: FilePermissions<P>): PlainFileRule;
export function file(glob?: string, permissions?: string): FileRule {
  if (glob === undefined && permissions === undefined) return frozen({ kind: "file", qualifiers: {}, permissions: "rwlkm", exec: "ix", keyword: true });
  const name = path(glob!, "file(): the path");
  return frozen({ kind: "file", qualifiers: {}, path: name, permissions: permissionsOf(permissions!, false, `file(${glob})`).permissions });
}

export interface ExecOptions<P extends string = string> {
  /** the profile to change to: needed where the mode's own choice by name is not meant */
  to?: string;
  /** beside execution, such as `r` or `rm` */
  permissions?: FilePermissions<P>;
  environment?: "safe" | "unsafe";
}

/**
 * `exec("/usr/bin/docker", "Px", { to: "docker" })`: what may be executed, and under which profile it runs: `i` the same,
 * `p` its own, `c` a child, `u` none; capitals scrub the environment; `pix` and the like fall back (apparmor.d(5)).
 */
export function exec<P extends string = string>(glob: string, mode: GrantedExecMode, options: ExecOptions<P> = {}): FileRule {
  const where = `exec(${glob})`;
  onlyKeys(options, ["to", "permissions", "environment"], where);
  oneOf(mode, execModes.filter((known) => known !== "x"), `${where}: the mode`);
  if (options.to !== undefined && (mode === "ix" || /^ux$/i.test(mode))) refuse(where, `${mode} changes to no profile, so \`to\` means nothing`);
  return frozen({
    kind: "file",
    qualifiers: {},
    path: path(glob, `${where}: the path`),
    permissions: options.permissions === undefined ? "" : permissionsOf(options.permissions, false, where).permissions,
    exec: mode,
    ...(options.to !== undefined && { target: word(options.to, `${where}: to`) }),
    ...(options.environment && { environment: options.environment }),
  });
}

/**
 * `link("/srv/new", "/srv/**", { subset: true })`: the first may be made a hard link to the second.
 *
 * @param options `subset`: only where the link's own permissions are among those of its target
 */
export function link(glob: string, target: string, options: { subset?: boolean } = {}): LinkRule {
  onlyKeys(options, ["subset"], `link(${glob})`);
  const words = { path: path(glob, "link(): the path"), target: path(target, `link(${glob}): the target`) };
  return frozen({ kind: "link", qualifiers: {}, subset: options.subset ?? false, ...words });
}
