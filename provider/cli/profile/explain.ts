import type { Command } from "commander";
import { findings } from "../../apparmor/lint/index.js";
import { PostureError } from "../../errors.js";
import { exiting, exits, type Exit } from "../exits.js";
import { unknownName } from "../nearest.js";
import { print } from "../output.js";
import { pageOf } from "../pages.js";

const codes = Object.keys(findings).sort();

async function explain(asked: string[]): Promise<Exit> {
  if (asked.length === 0) {
    const width = Math.max(...codes.map((code) => code.length));
    await print(codes.map((code) => `${code.padEnd(width)}  ${pageOf(code)?.title ?? ""}`.trimEnd() + "\n").join(""));
    return exits.fine;
  }
  const pages = asked.map((code) => {
    const page = pageOf(code);
    if (!page)
      throw new PostureError("invalid-input", unknownName("code", code, codes), "`pve-posture profile explain` lists those of findings.");
    return page.text;
  });
  await print(pages.join("\n"));
  return exits.fine;
}

const help = `
Examples:
  pve-posture profile explain
  pve-posture profile explain no-audit

A finding's page says what is wrong, what is right, why, and when it does not apply. Codes of errors, and those of
\`conf check\`, are explained too.
Exit codes: 0 fine, 2 no such code.`;

/** `pve-posture profile explain` */
export function addExplain(profile: Command): void {
  profile
    .command("explain")
    .description("print the page about a finding, or list all there are")
    .argument("[code...]", "what `profile check` calls it")
    .addHelpText("after", help)
    .action(exiting(explain));
}
