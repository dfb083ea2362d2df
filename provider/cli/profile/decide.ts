import type { Command } from "commander";
import { decide, policyOf, type Decision, type Policy } from "../../apparmor/policy/index.js";
import type { ResolvedProfile } from "../../apparmor/resolve/index.js";
import { PostureError } from "../../errors.js";
import { answerLines } from "../answer.js";
import { exiting, exits, type Exit } from "../exits.js";
import { readText, standardInput } from "../files.js";
import { problemText } from "../report/text.js";
import { rulePlace } from "../report/rule.js";
import { questionOf } from "./access.js";
import { readingOf, readingOptions, type ReadingOptions } from "./reading.js";
import { limited, profileOf, validOf } from "./valid.js";

const decisionJson = ({ rules, ...decision }: Decision) => ({ ...decision, rules: rules.map(rulePlace) });

async function decideLines(file: string, options: ReadingOptions): Promise<Exit> {
  if (file === standardInput) throw new PostureError("invalid-input", "the profile can't come from standard input: the accesses do");
  const { resolved, errors } = validOf(readText(file), file, readingOf(options));
  if (errors) {
    process.stderr.write(errors.map(problemText).join("\n"));
    return exits.invalid;
  }
  const policies = new Map<ResolvedProfile, Policy>();
  return answerLines(process.stdin, (value) => {
    const { access, profile: name } = questionOf(value);
    const profile = profileOf(resolved, name);
    return limited(() => {
      const policy = policies.get(profile) ?? policyOf(profile, resolved);
      policies.set(profile, policy);
      return { said: decisionJson(decide(policy, access)), exit: exits.fine };
    });
  });
}

const help = `
Each line of standard input is an access, as the kernel would ask about it:
  {"class": "file", "path": "/etc/shadow", "permissions": "r"}
  {"class": "capability", "capability": "sys_admin"}
  {"class": "mount", "source": "/dev/sda1", "target": "/mnt", "fstype": "ext4", "options": ["rw"]}
  {"class": "signal", "access": "send", "signal": "kill", "peer": "unconfined", "profile": "lxc-web//worker"}
"profile" is needed where the file has several. Each is answered with a line, in order:
  {"allowed": false, "audited": true, "denial": "implicit", "rules": []}
"rules" are those that decide, with file, line, column and text. A line that is no access, or has a name in it that
AppArmor does not know, is answered with {"error", "line"}.
All classes and their fields, with an example of each: docs/accesses.md in this package.

Example:
  echo '{"class": "file", "path": "/mnt/shared/x", "permissions": "w"}' | pve-posture profile decide lxc-web

Exit codes: 0 fine, 2 a profile that is invalid or can't be read, or a line that is no access.`;

/** `pve-posture profile decide` */
export function addDecide(profile: Command): void {
  readingOptions(
    profile.command("decide").description("answer what a profile allows, for accesses on standard input").argument("<file>", "the profile"),
  )
    .addHelpText("after", help)
    .action(exiting(decideLines));
}
