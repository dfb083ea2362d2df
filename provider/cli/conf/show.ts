import type { Command } from "commander";
import { readConf } from "../../container/reading/pve.js";
import { rewriteConf } from "../../container/reading/rewrite.js";
import { showConf } from "../../container/reading/show.js";
import { exiting, exits, type Exit } from "../exits.js";
import { print, printJson } from "../output.js";
import { readConfFile } from "./file.js";

async function show(file: string, { json }: { json?: true }): Promise<Exit> {
  const text = readConfFile(file);
  if (json) await printJson(showConf(text));
  else await print(Buffer.from(rewriteConf(readConf(text).conf), "latin1").toString("utf8"));
  return exits.fine;
}

const examples = `
Examples:
  pve-posture conf show /etc/pve/lxc/951.conf
  pve-posture conf show --json - < 951.conf

Without --json: the file as Proxmox VE would write it back. With it: one object with the properties, the raw lines as
pairs of key and value in "lxc", the other sections in "pending" and "snapshots", and comments in "description".
Exit codes: 0 fine, 2 a file that can't be read.`;

/** `pve-posture conf show` */
export function addShow(conf: Command): void {
  conf
    .command("show")
    .description("print what Proxmox VE reads in a container's configuration")
    .argument("<file>", "a file like /etc/pve/lxc/951.conf, or - for standard input")
    .option("--json", "print it as one JSON object")
    .addHelpText("after", examples)
    .action(exiting(show));
}
