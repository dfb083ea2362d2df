import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utils } from "ssh2";
import { Commands } from "./commands.js";
import { generateKey } from "./keys.js";
import { parseProfiles } from "./profiles.js";
import { SshServer } from "./server.js";
import { standInsFor, type ProgramOptions } from "./stand-ins.js";
import { place, within, type NodeFile, type TreeOptions } from "./tree.js";

/** How an embedded node starts. All of it has a default. */
export interface EmbeddedNodeOptions extends TreeOptions, ProgramOptions {
  /** Port to listen on, on 127.0.0.1. Default: any free one. */
  port?: number;
  /** The host's private key as PEM, to play a node that keeps its key, or two that share one. Default: a new one. */
  hostKey?: string;
}

/** The value for one entry of the stack's `pve-posture:nodes`. */
export interface NodeSettings {
  host: string;
  port: number;
  user: string;
  /** OpenSSH PEM. It opens this node only and is gone with it. */
  privateKey: string;
  /** `ssh-ed25519 AAAA…` */
  hostKey: string;
}

/** A running embedded node. Every path is an absolute one on the node. */
export interface EmbeddedNode extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** The directory on this machine that is the node's `/`. */
  readonly root: string;
  /** The node's public host key, `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** The private key that opens this node, OpenSSH PEM. */
  readonly privateKey: string;
  readonly settings: NodeSettings;
  /** Connections that have logged in since the start. */
  readonly connections: number;
  /** Commands (SSH `exec` requests) served since the start. */
  readonly commands: number;
  /** A file's text, or undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  /** A file's bytes, or undefined where there is none. */
  readBytes(path: string): Promise<Uint8Array | undefined>;
  write(path: string, file: NodeFile): Promise<void>;
  /** Removes a file or a whole directory; nothing there is fine. */
  remove(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** What the node's kernel would have loaded: profile name to `enforce`, `complain`, `kill`, `unconfined`, `prompt`. */
  loadedProfiles(): Promise<Record<string, string>>;
  /** Becomes unreachable: cuts off every connection and listens no more. */
  pause(): Promise<void>;
  /** Listens again, on the same port. */
  resume(): Promise<void>;
  /** Cuts off every connection, ends every command, removes the root directory. Twice is fine. */
  stop(): Promise<void>;
}

/** undefined instead of an error for what isn't there */
async function orMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  return promise.catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
}

/**
 * Starts a node on loopback. It runs each command with this machine's `/bin/sh`, as this process's user, with
 * `PVE_POSTURE_ROOT` set to its root directory; no privileges are needed and nothing outside that directory is written.
 *
 * @example
 * ```ts
 * const node = await startNode({ files: { "/etc/pve/lxc/951.conf": "arch: amd64\nunprivileged: 1\n" } });
 * try {
 *   // … run a program whose pve-posture:nodes is { pve: node.settings } …
 *   console.log(await node.read("/etc/pve/lxc/951.conf"));
 * } finally {
 *   await node.stop();
 * }
 * ```
 */
export async function startNode(options: EmbeddedNodeOptions = {}): Promise<EmbeddedNode> {
  const directory = await mkdtemp(join(tmpdir(), "pve-posture-node-"));
  try {
    return await start(directory, options);
  } catch (error) {
    await rm(directory, { recursive: true, force: true }); // a port in use, say: leave nothing behind
    throw error;
  }
}

async function start(directory: string, options: EmbeddedNodeOptions): Promise<EmbeddedNode> {
  const { root, env } = await standInsFor(directory, options);
  const host = options.hostKey ?? generateKey().private;
  const client = generateKey();
  const user = "root";
  const commands = new Commands(
    { ...env, HOME: within(root, "/root"), USER: user, LOGNAME: user, SHELL: "/bin/sh" },
    root,
  );
  const server = new SshServer({ hostKey: host, clientKey: client.public, user, commands });
  const port = await server.listen(options.port ?? 0);

  const hostKey = publicKey(host);
  const privateKey = client.private;
  let stopped: Promise<void> | undefined;

  const readBytes = (path: string) => orMissing(readFile(within(root, path)));
  const read = async (path: string) => (await readBytes(path))?.toString("utf8");
  const node: EmbeddedNode = {
    host: "127.0.0.1",
    port,
    root,
    hostKey,
    privateKey,
    settings: { host: "127.0.0.1", port, user, privateKey, hostKey },
    get connections() {
      return server.connections;
    },
    get commands() {
      return server.served;
    },
    read,
    readBytes,
    write: (path, file) => place(root, path, file),
    remove: (path) => rm(within(root, path), { recursive: true, force: true }),
    exists: async (path) => (await orMissing(stat(within(root, path)))) !== undefined,
    loadedProfiles: async () => parseProfiles((await read("/sys/kernel/security/apparmor/profiles")) ?? ""),
    pause: () => server.close(),
    resume: async () => {
      if (stopped) throw new Error("the node was stopped");
      await server.close(); // resuming what wasn't paused must not listen twice
      await server.listen(port);
    },
    stop: () =>
      (stopped ??= (async () => {
        await server.close();
        await commands.kill();
        await rm(root, { recursive: true, force: true, maxRetries: 5 });
      })()),
    [Symbol.asyncDispose]: () => node.stop(),
  };
  return node;
}

/** `type base64` of a private key's public half. */
function publicKey(pem: string): string {
  const key = utils.parseKey(pem);
  if (key instanceof Error) throw key;
  return `${key.type} ${key.getPublicSSH().toString("base64")}`;
}
