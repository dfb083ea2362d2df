import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeSettings } from "../../provider/node/settings.js";
import { writeTree } from "../../provider/testing/tree.js";
import { freePort, makeKey, watched } from "./sshd.js";

/** A node with a real sudo and a real sshd, whose `/etc`, `/var/lib` and `/run` are its own: nothing of the host changes. */
export interface SudoNode {
  settings(user?: string): NodeSettings;
  /** where a path of its own lies */
  at(path: string): string;
  /** the text of `/etc/sudoers`, and that of `/etc/sudoers.d/pve-posture`, if any */
  sudoers(main: string, ours?: string): void;
  stop(): Promise<void>;
}

const programs = ["/usr/sbin/sshd", "/usr/bin/sudo", "/usr/bin/unshare"];

/** As Debian has it, but for what would go to the host's log, or to its mail. */
export const debian = `Defaults !syslog, logfile=/run/sudo.log, !mail_no_user, iolog_dir=/run/sudo-io
Defaults env_reset, secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
@includedir /etc/sudoers.d
`;

/** Accounts: `posture`, and `bare`, whose PATH has no sudo. */
export async function startSudoNode(): Promise<SudoNode | undefined> {
  const missing = programs.filter((path) => !existsSync(path));
  const able = missing.length === 0 && process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0;
  if (!able) {
    if (process.env.CI === "true") throw new Error(`no node with sudo: it takes root, mount namespaces${missing.map((path) => `, ${path}`).join("")}`);
    return undefined;
  }
  const dir = mkdtempSync(join(tmpdir(), "pve-posture-sudo-"));
  chmodSync(dir, 0o755); // sshd reads authorized_keys as the user
  const at = (path: string) => join(dir, "root", path);
  mkdirSync(join(dir, "bin"));
  for (const name of ["env", "sh"]) symlinkSync(`/usr/bin/${name}`, join(dir, "bin", name));
  mkdirSync(at("/"), { recursive: true });
  await writeTree(at("/"));
  // what programs need of the host's: PAM, the accounts, the linker's cache
  const own = /^\/etc\/(apparmor\.d|hostname|machine-id|pve|ssh|sudoers.*)($|\/)/;
  cpSync("/etc", at("/etc"), { recursive: true, verbatimSymlinks: true, filter: (from) => !own.test(from) });
  mkdirSync(at("/etc/sudoers.d"));
  mkdirSync(at("/run/sshd"), { recursive: true });
  ["posture", "bare"].forEach((name, i) => {
    appendFileSync(at("/etc/passwd"), `${name}:x:${4801 + i}:4801::/:/bin/sh\n`);
    appendFileSync(at("/etc/shadow"), `${name}:*:19000:0:99999:7:::\n`);
  });
  appendFileSync(at("/etc/group"), "posture:x:4801:\n");

  const hostKey = makeKey(dir, "host_key");
  writeFileSync(join(dir, "authorized_keys"), `${makeKey(dir, "id_ed25519")}\n`);
  const port = await freePort();
  const config = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(dir, "host_key")}`,
    `AuthorizedKeysFile ${join(dir, "authorized_keys")}`,
    ...["PidFile none", "PasswordAuthentication no", "StrictModes no", "UsePAM no", "PrintMotd no"],
    `Match User bare\n  SetEnv PATH=${join(dir, "bin")}`,
  ];
  writeFileSync(join(dir, "sshd_config"), `${config.join("\n")}\n`);
  // no parser that would load something into the host's kernel
  const mounts = ["/etc", "/var/lib", "/run"].map((path) => `mount --bind ${at(path)} ${path}`);
  const parser = "/usr/sbin/apparmor_parser";
  if (existsSync(parser)) mounts.push(`mount --bind /bin/false ${parser}`);
  const script = ["set -e", ...mounts, `exec /usr/sbin/sshd -D -e -f ${join(dir, "sshd_config")}`].join("\n");
  const child = spawn("unshare", ["-m", "--propagation", "private", "sh", "-c", script], { stdio: ["ignore", "ignore", "pipe"] });
  const { exited, listening, log } = watched(child);
  const stop = async () => {
    child.kill(); // by its pid; its mounts end with it
    await exited;
    rmSync(dir, { recursive: true, force: true });
  };
  if (!(await listening)) {
    await stop();
    throw new Error(`sshd does not start:\n${log()}`);
  }
  return {
    settings: (user = "posture") => ({
      host: "127.0.0.1",
      port,
      user,
      privateKey: readFileSync(join(dir, "id_ed25519"), "utf8"),
      agent: false,
      hostKey,
    }),
    at,
    sudoers(main, ours) {
      writeFileSync(at("/etc/sudoers"), main, { mode: 0o440 });
      const file = at("/etc/sudoers.d/pve-posture");
      rmSync(file, { force: true });
      if (ours !== undefined) writeFileSync(file, ours, { mode: 0o440 });
    },
    stop,
  };
}
