/** The programs of an embedded node: stand-ins for what belongs to Proxmox VE or to the kernel, else the host's. */
import {
  access,
  chmod,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  symlink,
  writeFile,
} from "node:fs/promises";
import { delimiter, join } from "node:path";
import { apparmorParser } from "./programs/apparmor-parser.js";
import { flock } from "./programs/flock.js";
import { lxcInfo, pvesm } from "./programs/lxc.js";
import { pct } from "./programs/pct.js";
import { writeTree, type TreeOptions } from "./tree.js";

/** Which programs an embedded node has. */
export interface ProgramOptions {
  /**
   * Path of a real apparmor_parser on this machine. Its verdict counts wherever a profile is checked; it is only ever
   * called with `-Q` or `-N`, so it can't load anything.
   */
  apparmorParser?: string;
  /** Programs of the node that are missing: `{ apparmor_parser: false }`. */
  programs?: Record<string, false>;
  /** Further programs by name, each the text of a script with its `#!` line. They win over ours and the host's. */
  standIns?: Record<string, string>;
}

/** A directory that plays a node, for a server of one's own. */
export interface StandIns {
  /** The node's root directory, without symbolic links above it. */
  root: string;
  /** The directory with the stand-ins, the first on `env.PATH`. */
  path: string;
  /** What commands on the node must have in their environment. */
  env: { PVE_POSTURE_ROOT: string; PATH: string };
}

/** They would answer for the host instead of the node, or change the host; a node has them only as `standIns`. */
const hidden = [
  ...["apparmor_parser", "apparmor_status", "aa-status", "aa-teardown", "aa-remove-unknown"],
  ...["pct", "pvesm", "lxc-info", "qm", "pvesh", "pvecm", "pveversion", "nvidia-smi", "nvidia-modprobe"],
];

async function executable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function onPath(name: string, directories: string[]): Promise<boolean> {
  return (await Promise.all(directories.map((directory) => executable(join(directory, name))))).includes(
    true,
  );
}

/** The host's PATH: what exists of it, each directory once however it is called (/bin is often a link to usr/bin). */
async function hostPath(): Promise<string[]> {
  const entries = (process.env["PATH"] ?? "/usr/bin:/bin").split(delimiter);
  // A relative one would mean another directory on the node.
  const real = entries
    .filter((entry) => entry.startsWith("/"))
    .map((entry) => realpath(entry).catch(() => undefined));
  return [...new Set(await Promise.all(real))].filter((entry) => entry !== undefined);
}

/** `directory`, or where it has one of the `without` a copy made of links to all the others. */
async function lacking(directory: string, without: Set<string>, state: string): Promise<string> {
  const names = await readdir(directory).catch((): string[] => []);
  if (!names.some((name) => without.has(name))) return directory;
  const copy = await mkdtemp(join(state, "host-"));
  await Promise.all(
    names
      .filter((name) => !without.has(name))
      .map((name) => symlink(join(directory, name), join(copy, name))),
  );
  return copy;
}

/**
 * Writes the tree of an embedded node and its stand-ins below `root`, for use with a server of one's own
 * (a real sshd with `SetEnv`, say). Remove `root` when done; there is nothing else.
 *
 * @param root an empty or missing directory
 *
 * @example
 * ```ts
 * const { env } = await standInsFor("/tmp/node", { files: { "/etc/pve/lxc/951.conf": "arch: amd64\n" } });
 * execFileSync("pct", ["list"], { env });
 * ```
 */
export async function standInsFor(
  root: string,
  options: TreeOptions & ProgramOptions = {},
): Promise<StandIns> {
  await mkdir(root, { recursive: true });
  root = await realpath(root); // macOS: /tmp is a link
  await writeTree(root, options);

  const state = join(root, ".stand-ins");
  const path = join(state, "bin");
  await mkdir(path, { recursive: true });

  const host = await hostPath();
  const missing = Object.keys(options.programs ?? {}).filter((name) => options.programs?.[name] === false);
  const scripts: Record<string, string> = {
    apparmor_parser: apparmorParser(root, state, options.apparmorParser),
    pct: pct(root),
    "lxc-info": lxcInfo(root),
    pvesm,
  };
  if (!(await onPath("flock", host))) scripts["flock"] = flock;
  for (const name of missing) delete scripts[name];
  Object.assign(scripts, options.standIns);
  for (const [name, text] of Object.entries(scripts)) {
    await writeFile(join(path, name), text);
    await chmod(join(path, name), 0o755);
  }

  const without = new Set([...hidden, ...missing]);
  const rest = await Promise.all(host.map((directory) => lacking(directory, without, state)));
  return { root, path, env: { PVE_POSTURE_ROOT: root, PATH: [path, ...rest].join(delimiter) } };
}
