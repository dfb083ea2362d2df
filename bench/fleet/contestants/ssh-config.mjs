import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes an ssh_config whose host `pve1` is the node, with one connection for all commands; its path. */
export async function sshConfig(directory, { user, keyFile, hostKey }, port) {
  await mkdir(directory, { recursive: true });
  const [config, known] = ["ssh_config", "known_hosts"].map((name) => join(directory, name));
  await writeFile(known, `[127.0.0.1]:${port} ${hostKey}\n`);
  const lines = [
    "Host pve1",
    "HostName 127.0.0.1",
    `Port ${port}`,
    `User ${user}`,
    `IdentityFile ${keyFile}`,
    "IdentitiesOnly yes",
    `UserKnownHostsFile ${known}`,
    "StrictHostKeyChecking yes",
    "BatchMode yes",
    "ControlMaster auto",
    `ControlPath ${directory}/%C`,
    "ControlPersist 60",
    "",
  ];
  await writeFile(config, lines.join("\n"));
  return config;
}
