import { PostureError } from "../errors";
import type { ConfigLine } from "./ssh-config-file";

/**
 * The hosts to go through, first to last, as node names.
 *
 * @throws PostureError `invalid-settings` for a ProxyCommand: it would be somebody's program with our keys' session.
 */
export function parseJumps(line: ConfigLine | undefined): string[] {
  if (!line || line.words[0]!.toLowerCase() === "none") return [];
  if (line.keyword === "proxycommand") {
    throw new PostureError(
      "invalid-settings",
      `${line.where}: ProxyCommand isn't supported.`,
      "Use ProxyJump; or set `ProxyCommand none` for this node in a file of your own, named in pve-posture:sshConfig.",
    );
  }
  return line.words[0]!.split(",").map((hop) => {
    const name = hop
      .trim()
      .replace(/^ssh:\/\//, "")
      .replace(/\/$/, "");
    if (name === "")
      throw new PostureError("invalid-settings", `${line.where}: a hop of ProxyJump has no name.`);
    return name;
  });
}
