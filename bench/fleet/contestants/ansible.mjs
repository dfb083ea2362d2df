import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compilerFolder } from "../../../scripts/compilers.mjs";
import { run } from "../../process.mjs";
import { pythonWith } from "../../python.mjs";
import { configurationOf } from "../containers.mjs";
import { sshConfig } from "./ssh-config.mjs";

const files = join(import.meta.dirname, "../ansible");

async function prepare(way, { directory, containers, node, port, log }) {
  const cache = join(dirname(compilerFolder()), "bench");
  await mkdir(cache, { recursive: true });
  const python = await pythonWith(join(cache, "ansible"), "ansible-core", log);
  const config = await sshConfig(directory, node, port);
  const declared = containers.map((each) => ({ ...each, configuration: configurationOf(each) }));
  const host = { ansible_ssh_common_args: `-F ${config}`, root: node.root, containers: declared };
  await writeFile(join(directory, "inventory.json"), JSON.stringify({ nodes: { hosts: { pve1: host } } }));
  const options = {
    cwd: directory,
    env: {
      ANSIBLE_CONFIG: join(files, "ansible.cfg"),
      ANSIBLE_HOME: join(directory, "home"),
      ANSIBLE_REMOTE_TEMP: join(node.root, "tmp"),
      ANSIBLE_SSH_CONTROL_PATH_DIR: directory,
    },
  };
  const command = [python, "-m", "ansible.cli.playbook"];
  // imports know no variables of the inventory
  const playbook = [...command, "-i", "inventory.json", "-e", `way=${way}`, join(files, "playbook.yml")];
  const up = { ...options, command: playbook };
  const { stdout } = await run([...command, "--version"], options);
  return {
    version: /core ([\d.]+)/.exec(stdout)?.[1],
    steps: { first: up, again: up, check: { ...up, command: [...playbook, "--check"] } },
  };
}

/** Ansible with the fewest calls. */
export const ansible = {
  key: "ansible",
  name: "Ansible, template",
  once: true,
  prepare: (context) => prepare("template", context),
};

/** Ansible where others write into the same files. */
export const ansibleLines = {
  key: "ansible-lines",
  name: "Ansible, lineinfile",
  once: true,
  onDemand: true,
  prepare: (context) => prepare("lines", context),
};
