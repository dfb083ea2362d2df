import { createHash } from "node:crypto";

/** What the loader says when it got another script than the one it is for. */
export const mismatch = "pve-posture got another script than the one with this digest";

/**
 * One line of sh that runs one script and no other: it takes the script from the front of standard input, compares its
 * digest, and leaves it the rest. So sudoers can allow a few short lines instead of a shell.
 *
 * Whoever may run the line as root is not trusted, and three things are so because of that:
 * - It is one compound command. sudo compares arguments joined by blanks, so `sh -c` may be given the line's first words
 *   alone, and the others as parameters; cut anywhere, it is a syntax error, and nothing has run.
 * - It has no slash. With `sudo -s` the line arrives with its signs quoted, as the name of a program: one that is looked
 *   up in secure_path, and is never a file of the user's.
 * - The script is kept in a variable: there is no file to exchange between the check and the run, or to clean away.
 *
 * @param script text without a NUL byte that ends without an empty line
 * @returns `line` for `sh -c`, and `bytes` to stand in front of what the script reads
 */
export function loader(script: string): { line: string; bytes: Buffer } {
  // as $( ) does
  const bytes = Buffer.from(script.replace(/\n+$/, ""));
  const digest = createHash("sha256").update(bytes).digest("hex");
  const line =
    `{ s=$(head -c ${bytes.length}); printf %s "$s" | sha256sum | grep -q ^${digest} && exec sh -c "$s"; ` +
    `echo ${mismatch} >&2; exit 65; }`;
  return { line, bytes };
}
