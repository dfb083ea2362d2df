import { PostureError } from "../errors";
import { describeTarget } from "./describe";
import { loader, mismatch } from "./loader";
import type { ExecResult } from "./session";
import type { Target } from "./target";

const quoted = (script: string): string => `sh -c '${script.replaceAll("'", `'\\''`)}'`;

/** What runs a script of ours, whatever the login shell (of Bourne's kin) is: the command line, and its standard input. */
export function commandFor(script: string, data: Buffer, sudo: boolean): { command: string; stdin: Buffer } {
  if (!sudo) return { command: quoted(script), stdin: data };
  const { line, bytes } = loader(script);
  // LC_ALL: sudo's refusals are told from the script's failures by their English text.
  return { command: `env LC_ALL=C sudo -n -- ${quoted(line)}`, stdin: Buffer.concat([bytes, data]) };
}

// Source: sudo 1.9, plugins/sudoers (check.c, logging.c, policy.c) and coreutils' env.
const REFUSALS: [RegExp, why: string, first?: string][] = [
  [/^(env: .?sudo.?: No such file|.*\bsudo: (command )?not found)/m, "sudo isn't installed", "apt-get install sudo"],
  [/^sudo: .*\bmust have a tty/m, "sudo wants a terminal (requiretty in sudoers), and there is none"],
  // said of a command that sudoers doesn't have, too: it asks for the password before it refuses
  [/^sudo: .*\b(a password is required|a terminal is required|no askpass program)/m, "sudo wants a password for what was run"],
  [
    /is not in the sudoers file|^Sorry, user .* is not allowed to execute|may not run sudo|not allowed to run sudo/m,
    "sudoers doesn't allow what was run",
  ],
  [
    /^sudo: (.*no valid sudoers sources|.*is owned by uid|.*account validation failure|.*PAM|.*setuid)/m,
    "sudo doesn't work there",
  ],
];

/** Tells a refusal of sudo or of the loader from a failure of the script; undefined when it is none. */
export function sudoRefusal(result: ExecResult, target: Target): PostureError | undefined {
  if (result.code === 0 || result.stdout.length > 0) return undefined;
  const text = result.stderr.toString("utf8");
  const said = text.trim().split("\n")[0];
  // a line of its own: sudo's refusals quote the loader
  if (text.split("\n").includes(mismatch)) return exchanged(said, target);
  const refusal = REFUSALS.find(([pattern]) => pattern.test(text));
  if (!refusal) return undefined;
  const [, why, first] = refusal;
  const { user } = target;
  return new PostureError(
    "not-permitted",
    `${describeTarget(target)}: ${user} is logged in, but can't become root: ${why} (${said}).`,
    `Log in as root, or let ${user} run this version's scripts without a password (NOPASSWD). Either sudoers has nothing of\n` +
      `the kind, or it allows another version's scripts: print it again, and put it in its place as root on the node.\n` +
      `  npx pve-posture sudoers --user ${user} > pve-posture.sudoers\n` +
      (first ? `  ${first}\n` : "") +
      `  visudo -cf pve-posture.sudoers && install -m 0440 pve-posture.sudoers /etc/sudoers.d/pve-posture`,
  );
}

function exchanged(said: string | undefined, target: Target): PostureError {
  return new PostureError(
    "interrupted",
    `${describeTarget(target)}: the script did not arrive whole, and was not run (${said}).`,
    "What reads standard input at login (.bashrc, a forced command) does this, and a node without head, sha256sum or grep.",
  );
}
