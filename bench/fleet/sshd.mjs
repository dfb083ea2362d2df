import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { run } from "../process.mjs";
import { childrenOf, cpuSeconds } from "./processes.mjs";

const program = "/usr/sbin/sshd";

/**
 * Starts a real OpenSSH server on loopback, for the account that runs this.
 *
 * @param {string} directory for its files
 * @param {{ env: Record<string, string>, sessions: string }} options what its sessions have in their environment; the
 *   file that gets a word for each: `apply`, `observe`, `other`
 */
export async function startSshd(directory, { env, sessions }) {
  if (!existsSync(program)) throw new Error(`${program} is missing: install openssh-server`);
  // As root, sshd separates privileges and wants this folder, which only its service unit creates.
  if (process.getuid() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const key = async (name) => {
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(directory, name)]);
    return (await readFile(join(directory, `${name}.pub`), "utf8")).trim();
  };
  const hostKey = await key("host_key");
  await writeFile(join(directory, "authorized_keys"), `${await key("id_ed25519")}\n`);
  const port = await freePort();
  // a home of its own: what the shell of whoever runs the bench does at its start is no part of any figure
  const home = join(directory, "home");
  await mkdir(home, { recursive: true });
  const variables = Object.entries({ HOME: home, ...env }).map(([name, value]) => `"${name}=${value}"`);
  // Counts with the means of the shell that runs anyway: the words are names of our scripts' protocol.
  const kind =
    "case $SSH_ORIGINAL_COMMAND in *restore-failed*) echo apply ;; *observe_all*) echo observe ;; *) echo other ;; esac";
  const config = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(directory, "host_key")}`,
    `AuthorizedKeysFile ${join(directory, "authorized_keys")}`,
    "PidFile none",
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "StrictModes no",
    "UsePAM no",
    "PrintMotd no",
    "Subsystem sftp /usr/lib/openssh/sftp-server",
    `SetEnv ${variables.join(" ")}`,
    `ForceCommand ${kind} >> '${sessions}'; eval "$SSH_ORIGINAL_COMMAND"`,
    "",
  ];
  await writeFile(join(directory, "sshd_config"), config.join("\n"));
  const child = spawn(program, ["-D", "-e", "-f", join(directory, "sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const exited = once(child, "exit");
  let said = "";
  const listening = new Promise((resolve) => {
    child.stderr.on("data", (data) => {
      said = (said + data).slice(-10_000);
      if (said.includes("Server listening on")) resolve(true);
    });
    void exited.then(() => resolve(false));
  });
  if (!(await listening)) throw new Error(`sshd does not start: ${said.trim()}`);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
  // A script that is applying goes on when its connection is gone.
  const idle = async () => {
    for (let tries = 0; tries < 200 && (await childrenOf(child.pid)).length > 0; tries++) await pause();
  };
  return {
    port,
    user: userInfo().username,
    hostKey,
    keyFile: join(directory, "id_ed25519"),
    /** CPU seconds of all that ran on the node so far; waits for what still runs. */
    async cpu() {
      await idle();
      return cpuSeconds(child.pid);
    },
    async stop() {
      await idle();
      child.kill();
      await exited;
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
