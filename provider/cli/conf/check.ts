import { Option, type Command } from "commander";
import { checkConf } from "../../container/reading/check/index.js";
import { exiting, exits, type Exit } from "../exits.js";
import { print, printJson } from "../output.js";
import { problemText, summaryText } from "../report/text.js";
import { readConfFile } from "./file.js";

const severities = ["warning", "error"] as const;

interface Options {
  format: "text" | "json";
  failOn: (typeof severities)[number];
}

async function check(file: string, { format, failOn }: Options): Promise<Exit> {
  const findings = checkConf(readConfFile(file));
  if (format === "json") await printJson({ file, findings });
  else {
    const problems = findings.map((finding) => ({ ...finding, message: plain(finding.message), hint: plain(finding.hint), file }));
    await print(
      problems.map((problem) => `${problemText(problem)}\n`).join("") + summaryText([{ valid: true, errors: [], findings: problems }]),
    );
  }
  return findings.some(({ severity }) => failOn === "warning" || severity === "error") ? exits.found : exits.fine;
}

/** What is no printable character would act on the terminal. */
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");

const examples = `
Examples:
  pve-posture conf check /etc/pve/lxc/951.conf
  pve-posture conf check --format json - < 951.conf

It finds what Proxmox VE drops or loses (lines it can't read, raw keys it refuses, the first of two dev0), lines that
contradict each other, names that LXC does not know, and what leaves the container open. --format json prints one object: {"file", "findings": […]},
each with "code", "severity", "line", "message" and "hint".
docs/conf-findings.md in this package has all codes; \`pve-posture profile explain CODE\` prints what it says of one.
Exit codes: 0 fine, 1 findings (of the severity of --fail-on or above), 2 a file that can't be read.`;

/** `pve-posture conf check` */
export function addCheck(conf: Command): void {
  conf
    .command("check")
    .description("say what is lost, contradictory or open in a container's configuration")
    .argument("<file>", "a file like /etc/pve/lxc/951.conf, or - for standard input")
    .addOption(new Option("--format <format>", "how to say it").choices(["text", "json"]).default("text"))
    .addOption(
      new Option("--fail-on <severity>", "the least severity of findings that exits with 1").choices(severities).default("warning"),
    )
    .addHelpText("after", examples)
    .action(exiting(check));
}
