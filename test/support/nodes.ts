import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNode, standInsFor, type TreeOptions } from "../../provider/testing/index.js";
import { startSshd } from "./sshd.js";

/** What the lifecycle needs of a node, whatever stands behind it. */
export interface TestNode {
  /** the value of one entry of `pve-posture:nodes` */
  settings: Record<string, unknown>;
  read(path: string): Promise<string | undefined>;
  write(path: string, text: string): Promise<void>;
  stop(): Promise<void>;
}

export const realParser = ["/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"].find((path) => existsSync(path));

const checked = realParser ? { apparmorParser: realParser } : {};

async function embedded(options: TreeOptions): Promise<TestNode> {
  const node = await startNode({ ...options, ...checked });
  return { settings: { ...node.settings }, read: node.read, write: node.write, stop: node.stop };
}

async function openssh(options: TreeOptions): Promise<TestNode | undefined> {
  const root = await mkdtemp(join(tmpdir(), "pve-posture-root-"));
  const { env } = await standInsFor(root, { ...options, ...checked });
  const sshd = await startSshd({ setEnv: env });
  const stop = async () => {
    await sshd?.close();
    await rm(root, { recursive: true, force: true });
  };
  if (!sshd) return stop().then(() => undefined);
  return {
    settings: {
      host: "127.0.0.1",
      port: sshd.port,
      user: sshd.user,
      privateKey: sshd.privateKey,
      hostKey: sshd.hostKeyLine,
      sudo: false,
    },
    read: (path) => readFile(join(root, path), "latin1").catch(() => undefined),
    write: (path, text) => writeFile(join(root, path), text, "latin1"),
    stop,
  };
}

/** A node that is not there on this machine is undefined, and its tests are skipped; in CI it has to be there. */
export const testNodes: { name: string; start(options: TreeOptions): Promise<TestNode | undefined> }[] = [
  { name: "the embedded node", start: embedded },
  { name: "OpenSSH's sshd", start: openssh },
];
