import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { PostureError, type ErrorCode } from "../../provider/errors";
import { NodePool, type PoolOptions } from "../../provider/node/pool";
import { readSettings, type NodeSettings, type Settings } from "../../provider/node/settings";
import { startSshd, type Sshd, type SshdOptions } from "./sshd";

export const NOTHING = Buffer.alloc(0);

/** A folder for a file of tests, and everything that its tests start, ended after each. */
export class Bench {
  readonly dir = mkdtempSync(join(tmpdir(), "pve-posture-ssh-"));
  private readonly cleanups: (() => unknown)[] = [];
  private made = 0;

  /** To be called in a describe: cleans up after each test, and after all. */
  constructor() {
    afterEach(async () => {
      for (const cleanup of this.cleanups.splice(0).reverse()) await cleanup();
    });
    after(() => rmSync(this.dir, { recursive: true, force: true }));
  }

  later(cleanup: () => unknown): void {
    this.cleanups.push(cleanup);
  }

  /** A real sshd until the test ends; skips the test where there is none. */
  async sshd(test: Mocha.Context, options?: SshdOptions): Promise<Sshd> {
    const started = await startSshd(options);
    if (!started) return test.skip();
    this.later(() => started.close());
    return started;
  }

  /** A new key: the path of its file. */
  key(...options: string[]): string {
    const file = join(this.dir, `key-${++this.made}`);
    const type = options.includes("-t") ? [] : ["-t", "ed25519"];
    const phrase = options.includes("-N") ? [] : ["-N", ""];
    execFileSync("ssh-keygen", ["-q", ...type, ...phrase, "-C", `key-${this.made}`, "-f", file, ...options]);
    return file;
  }

  /** A file of this text. */
  file(text: string): string {
    const file = join(this.dir, `file-${++this.made}`);
    writeFileSync(file, text);
    return file;
  }

  /** A real ssh-agent with these keys: its socket. */
  async agent(...keys: string[]): Promise<string> {
    const socket = join(this.dir, `agent-${++this.made}`);
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    this.later(async () => {
      agent.kill();
      await once(agent, "exit");
    });
    while (!existsSync(socket)) await delay(10);
    for (const key of keys)
      execFileSync("ssh-add", ["-q", key], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: "ignore",
      });
    return socket;
  }

  /** A server on a port of loopback, or a socket's path. */
  async listen(onConnection: (socket: Socket) => void, path?: string): Promise<number> {
    const open = new Set<Socket>();
    const server: Server = createServer((socket) => {
      open.add(socket.on("error", () => {}));
      onConnection(socket);
    });
    if (path === undefined) server.listen(0, "127.0.0.1");
    else server.listen(path);
    await once(server, "listening");
    this.later(() => {
      for (const socket of open) socket.destroy();
      server.close();
    });
    return path === undefined ? (server.address() as AddressInfo).port : 0;
  }

  /** A port that passes everything on to another, or so many bytes of the answers, until told to stop or to cut off. */
  async proxy(to: number, most = Infinity) {
    const sockets: Socket[] = [];
    const state = {
      silent: false,
      port: 0,
      cut: () => sockets.splice(0).forEach((socket) => socket.destroy()),
    };
    state.port = await this.listen((socket) => {
      const inner = connect(to, "127.0.0.1").on("error", () => {});
      sockets.push(socket, inner);
      let left = most;
      socket.on("data", (data) => state.silent || inner.write(data));
      inner.on("data", (data: Buffer) => {
        if (!state.silent) socket.write(data.subarray(0, left));
        left = Math.max(0, left - data.length);
      });
      socket.on("close", () => inner.destroy());
      inner.on("close", () => socket.destroy());
    });
    return state;
  }

  /** Settings with these nodes; `config` is the text of an ssh_config. */
  settings(nodes: Record<string, NodeSettings>, config?: string, connectTimeoutSeconds?: number): Settings {
    return readSettings(() => undefined, {
      PVE_POSTURE_NODES: JSON.stringify(nodes),
      PVE_POSTURE_SSH_CONFIG: config === undefined ? "none" : this.file(config),
      PVE_POSTURE_CONNECT_TIMEOUT_SECONDS: connectTimeoutSeconds?.toString(),
    });
  }

  pool(settings: Settings, options?: PoolOptions): NodePool {
    const pool = new NodePool(settings, options);
    this.later(() => pool.close());
    return pool;
  }
}

/** Settings that need nothing of this machine. */
export function alone(server: Sshd, more: NodeSettings = {}): NodeSettings {
  return {
    host: "127.0.0.1",
    port: server.port,
    user: server.user,
    privateKey: server.privateKey,
    agent: false,
    hostKey: server.hostKeyLine,
    sudo: false,
    ...more,
  };
}

/** The first two words of a key's public half. */
export function publicLine(keyFile: string): string {
  return readFileSync(`${keyFile}.pub`, "utf8").split(" ").slice(0, 2).join(" ").trim();
}

/** What it fails with: this code, and these words in the message. */
export async function fails(
  run: Promise<unknown>,
  code: ErrorCode,
  ...says: (string | RegExp)[]
): Promise<PostureError> {
  const error = await run.then(
    () => expect.fail("it went well"),
    (e: unknown) => e as PostureError,
  );
  expect(error, String(error)).to.be.instanceOf(PostureError);
  expect(error.code, error.message).to.equal(code);
  for (const part of says) {
    if (typeof part === "string") expect(error.message).to.contain(part);
    else expect(error.message).to.match(part);
  }
  return error;
}
