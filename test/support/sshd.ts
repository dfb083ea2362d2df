import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

const SSHD = "/usr/sbin/sshd";

/** A real OpenSSH server on a loopback port of its own. */
export interface Sshd {
  port: number;
  /** the account that may log in: the one that runs the tests */
  user: string;
  /** `ssh-ed25519 AAAA…`, as a `hostKey` in the settings */
  hostKeyLine: string;
  /** text of the key that is let in, in OpenSSH's format, without a passphrase */
  privateKey: string;
  privateKeyFile: string;
  /** its folder under the temporary one; gone after close() */
  dir: string;
  /** of the server that listens; each connection has a child of it */
  pid: number;
  /** what the server logged so far */
  log(): string;
  close(): Promise<void>;
}

/** What a test may ask of the server. */
export interface SshdOptions {
  /** variables every session gets, `PATH` included */
  setEnv?: Record<string, string>;
  maxSessions?: number;
  /** further lines of sshd_config, which win over ours */
  config?: string[];
}

/** Starts sshd, or says with `undefined` that there is none; in CI (`CI=true`) its absence is an error. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd | undefined> {
  if (!existsSync(SSHD)) {
    if (process.env.CI === "true") throw new Error(`${SSHD} is missing: install openssh-server`);
    return undefined;
  }
  // As root, sshd separates privileges and wants this folder, which only its service unit creates.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const dir = mkdtempSync(join(tmpdir(), "pve-posture-sshd-"));
  const hostKeyLine = makeKey(dir, "host_key");
  writeFileSync(join(dir, "authorized_keys"), `${makeKey(dir, "id_ed25519")}\n`);

  // Between finding a free port and listening on it, somebody else may take it.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    writeFileSync(join(dir, "sshd_config"), configText(dir, port, options));
    const child = spawn(SSHD, ["-D", "-e", "-f", join(dir, "sshd_config")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const { exited, listening, log } = watched(child);
    if (await listening) {
      const close = async () => {
        child.kill(); // by its pid; a session that is still open ends with its connection
        await exited;
        rmSync(dir, { recursive: true, force: true });
      };
      const privateKeyFile = join(dir, "id_ed25519");
      const privateKey = readFileSync(privateKeyFile, "utf8");
      return {
        port,
        user: userInfo().username,
        hostKeyLine,
        privateKey,
        privateKeyFile,
        dir,
        pid: child.pid!,
        log,
        close,
      };
    }
    if (attempt === 3) {
      rmSync(dir, { recursive: true, force: true });
      throw new Error(`sshd does not start:\n${log()}`);
    }
  }
}

function configText(dir: string, port: number, options: SshdOptions): string {
  // what the shell of whoever runs the tests does at its start is no matter here, and may take its time
  const env = Object.entries({ HOME: dir, ...options.setEnv }).map(([name, value]) => `"${name}=${value}"`);
  return [
    ...(options.config ?? []), // first, as sshd keeps the first value of a keyword
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(dir, "host_key")}`,
    `AuthorizedKeysFile ${join(dir, "authorized_keys")}`,
    `PidFile none`,
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "StrictModes no",
    "UsePAM no",
    "PrintMotd no",
    `MaxSessions ${options.maxSessions ?? 10}`,
    `SetEnv ${env.join(" ")}`, // one line: sshd ignores a second
    "",
  ].join("\n");
}

/** Makes a key, and returns its public half as a line. */
export function makeKey(dir: string, name: string): string {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(dir, name)]);
  return readFileSync(join(dir, `${name}.pub`), "utf8").trim();
}

/** Whether a server that has just been started came to listen, and what it logs. */
export function watched(child: ChildProcess & { stderr: Readable }): { exited: Promise<unknown>; listening: Promise<boolean>; log: () => string } {
  const exited = once(child, "exit");
  let log = "";
  const listening = new Promise<boolean>((resolve) => {
    child.stderr.on("data", (data: Buffer) => {
      log += data.toString();
      if (log.includes("Server listening on")) resolve(true);
    });
    void exited.then(() => resolve(false));
  });
  return { exited, listening, log: () => log };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
