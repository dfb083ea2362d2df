import { PostureError } from "../errors";
import { describeTarget } from "./describe";
import type { ExecResult } from "./session";
import type { Target } from "./target";

/** The command line that runs a script of ours, whatever the login shell (of Bourne's kin) is. */
export function commandLine(script: string, sudo: boolean): string {
  const shell = `sh -c '${script.replaceAll("'", `'\\''`)}'`;
  // LC_ALL: sudo's refusals are told from the script's failures by their English text.
  return sudo ? `env LC_ALL=C sudo -n -- ${shell}` : shell;
}

// Source: sudo 1.9, plugins/sudoers (check.c, logging.c, policy.c) and coreutils' env.
const REFUSALS: [RegExp, why: string][] = [
  [/^(env: .?sudo.?: No such file|.*\bsudo: (command )?not found)/m, "sudo isn't installed"],
  [
    /^sudo: .*\b(a password is required|a terminal is required|no askpass program|must have a tty)/m,
    "sudo wants a password",
  ],
  [
    /is not in the sudoers file|^Sorry, user .* is not allowed to execute|may not run sudo|not allowed to run sudo/m,
    "sudoers doesn't allow it",
  ],
  [
    /^sudo: (.*no valid sudoers sources|.*is owned by uid|.*account validation failure|.*PAM|.*setuid)/m,
    "sudo doesn't work there",
  ],
];

/** Tells sudo's refusal from a failure of the script; undefined when it is none. */
export function sudoRefusal(result: ExecResult, target: Target): PostureError | undefined {
  if (result.code === 0 || result.stdout.length > 0) return undefined;
  const text = result.stderr.toString("utf8");
  const refusal = REFUSALS.find(([pattern]) => pattern.test(text));
  if (!refusal) return undefined;
  const { user } = target;
  return new PostureError(
    "not-permitted",
    `${describeTarget(target)}: ${user} is logged in, but can't become root: ${refusal[1]} (${text.trim().split("\n")[0]}).`,
    `Log in as root, or let ${user} use sudo without a password. As root on the node:\n` +
      `  apt-get install sudo\n` +
      `  echo '${user} ALL=(root) NOPASSWD: /usr/bin/sh' > /etc/sudoers.d/pve-posture && chmod 440 /etc/sudoers.d/pve-posture && visudo -c\n` +
      `(The account is then as good as root: guard its keys alike.)`,
  );
}
