import type { Command } from "commander";
import { PostureError } from "../errors.js";
import { loader } from "../node/loader.js";
import { nodeScripts } from "../node/node-scripts.js";
import { exiting, exits, type Exit } from "./exits.js";
import { print } from "./output.js";
import { version } from "./version.js";

/** In lower case: sudoers takes ALL for everybody, and other words in upper case for aliases. */
const userName = /^[a-z_][a-z0-9_.-]{0,31}$/;

/** Arguments as sudoers(5) wants them: what would end them, and what would match others too. A loader has no backslash. */
const escaped = (text: string): string => text.replace(/[,:=#*?[\]!]/g, "\\$&");

const alias = (name: string): string => `PVE_POSTURE_${name.toUpperCase()}`;

/** Defaults of these commands alone; env_reset and what is kept decide which programs and directories the scripts use. */
const defaults = `env_reset, !env_keep, !setenv, !requiretty, secure_path="/usr/sbin:/usr/bin:/sbin:/bin"`;

function sudoersOf(user: string): string {
  const scripts = Object.entries(nodeScripts);
  return [
    `# What pve-posture ${version} runs on a node as ${user}, and nothing else. Printed by`,
    `#   npx pve-posture sudoers --user ${user}`,
    "# and put in its place, as root on the node, by",
    "#   visudo -cf pve-posture.sudoers && install -m 0440 pve-posture.sudoers /etc/sudoers.d/pve-posture",
    "# Each line runs one script: the one of this length and SHA-256, which comes on standard input. Another version of",
    "# pve-posture has others. What this protects from, and what not, stands in docs/sudo.md of the package.",
    ...scripts.map(([name, script]) => `Cmnd_Alias ${alias(name)} = /usr/bin/sh -c ${escaped(loader(script).line)}`),
    `Cmnd_Alias PVE_POSTURE = ${scripts.map(([name]) => alias(name)).join(", ")}`,
    `Defaults!PVE_POSTURE ${defaults}`,
    `${user} ALL=(root) NOPASSWD: PVE_POSTURE`,
    "",
  ].join("\n");
}

async function sudoers({ user }: { user: string }): Promise<Exit> {
  if (!userName.test(user)) {
    throw new PostureError(
      "invalid-input",
      `--user: ${JSON.stringify(user)} can't be the name of an account`,
      "Expected up to 32 lower-case letters, digits and . _ -, the first a letter or _.",
    );
  }
  await print(sudoersOf(user));
  return exits.fine;
}

const help = `
Examples:
  pve-posture sudoers > pve-posture.sudoers
  pve-posture sudoers --user deploy > pve-posture.sudoers

On the node, as root: visudo -cf pve-posture.sudoers && install -m 0440 pve-posture.sudoers /etc/sudoers.d/pve-posture
It allows the scripts of this version, by length and SHA-256: print it again for another.
Exit codes: 0 fine, 2 not the name of an account.`;

/** `pve-posture sudoers` */
export function addSudoers(program: Command): void {
  program
    .command("sudoers")
    .description("print what lets an account other than root work on a node, and do nothing else")
    .option("--user <name>", "the account that logs in to the node", "posture")
    .addHelpText("after", help)
    .action(exiting(sudoers));
}
