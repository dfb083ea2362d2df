import type { ConfigLine } from "./ssh-config-file";
import { fateOf, REFUSED } from "./ssh-directives";
import { matchList } from "./ssh-pattern";
import { bad } from "./ssh-values";

/** The directives that hold for a host. */
export interface HostConfig {
  /** first value wins; ProxyJump and ProxyCommand share the slot `proxyjump` */
  first: Map<string, ConfigLine>;
  /** these add up */
  identityFiles: ConfigLine[];
  certificateFiles: ConfigLine[];
}

/**
 * Takes a directive down that holds for the host.
 *
 * @throws PostureError `invalid-settings` when it is none that is known, or has no value that it can have
 */
export function record(config: HostConfig, line: ConfigLine): void {
  const { keyword, words } = line;
  const fate = fateOf(keyword);
  if (fate === "ignored") return;
  if (fate === "unknown") {
    if (matchList((config.first.get("ignoreunknown")?.words[0] ?? "").toLowerCase().split(","), keyword))
      return;
    throw bad(
      line,
      `${keyword} is no directive that is known`,
      "Correct it, or name it in IgnoreUnknown above, as for ssh.",
    );
  }
  if (words.includes("")) throw bad(line, `${keyword} has an empty value`);
  const many =
    /^(userknownhostsfile|globalknownhostsfile|proxycommand|knownhostscommand|refuseconnection)$/.test(
      keyword,
    );
  if (!many && words.length > 1)
    throw bad(line, `${keyword} takes one value ("${words.join(" ")}" are ${words.length})`);
  if (fate === "all") {
    const list = keyword === "identityfile" ? config.identityFiles : config.certificateFiles;
    if (!list.some((known) => known.words[0] === words[0])) list.push(line);
    return;
  }
  const slot = keyword === "proxycommand" ? "proxyjump" : keyword;
  const before = config.first.get(slot);
  // `ProxyJump none` keeps later ProxyJumps out, but no ProxyCommand.
  const open =
    keyword === "proxycommand" &&
    before?.keyword === "proxyjump" &&
    before.words[0]!.toLowerCase() === "none";
  if (!before || open) config.first.set(slot, line);
}

/**
 * Refuses what would lead elsewhere, were it ignored.
 *
 * @param except directives that the settings have taken over
 */
export function refuseUnsupported(config: HostConfig, except: readonly string[]): void {
  for (const [keyword, { harmless, hint }] of Object.entries(REFUSED)) {
    const line = config.first.get(keyword);
    if (!line || except.includes(keyword) || harmless.test(line.words[0]!)) continue;
    throw bad(line, `${keyword} isn't supported ("${line.rest}")`, hint);
  }
}
