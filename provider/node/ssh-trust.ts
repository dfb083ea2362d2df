import { narrow } from "./algorithms";
import { hostKeyAlgorithms } from "./host-key";
import type { NodeSettings } from "./settings";
import type { HostConfig } from "./ssh-host-config";
import { rsaBitsOf, type PathOf } from "./ssh-login";
import { expandPath, type LocalSide } from "./ssh-tokens";
import { bad, flag, oneOf } from "./ssh-values";
import type { Trust } from "./target";

/** What makes a host key acceptable, by the settings and ssh_config. */
export function trustOf(
  config: HostConfig,
  own: NodeSettings,
  local: LocalSide,
  path: PathOf,
  from: string,
): Trust {
  const line = (keyword: string) => config.first.get(keyword);
  const files = (keyword: string, defaults: string[]) =>
    (line(keyword)?.words ?? defaults)
      .filter((file) => file !== "none")
      .map((file) => path(file, line(keyword)?.where ?? ""));
  const revoked = line("revokedhostkeys");
  return {
    alias: line("hostkeyalias")?.words[0]!.toLowerCase(),
    pinned: typeof own.hostKey === "string" ? [own.hostKey] : own.hostKey,
    files: own.knownHostsFile
      ? [expandPath(own.knownHostsFile, local, `${from}.knownHostsFile`)]
      : [
          ...files("userknownhostsfile", ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
          ...files("globalknownhostsfile", ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]),
        ],
    revokedFile: revoked && revoked.words[0] !== "none" ? path(revoked.words[0]!, revoked.where) : undefined,
    algorithms: algorithms(config),
    rsaBits: rsaBitsOf(config),
    notes: notFollowed(config),
  };
}

function algorithms(config: HostConfig): string[] {
  const line = config.first.get("hostkeyalgorithms");
  if (!line) return [...hostKeyAlgorithms];
  const left = narrow(hostKeyAlgorithms, line.words[0]!);
  if (left.length > 0) return left;
  throw bad(
    line,
    "hostkeyalgorithms leaves nothing that can be verified here",
    `Allow one of ${hostKeyAlgorithms.join(", ")}.`,
  );
}

/** Common in blocks for all hosts, and so no error; but a node is trusted by its listed key alone. */
function notFollowed(config: HostConfig): string[] {
  const strict = config.first.get("stricthostkeychecking");
  const localhost = config.first.get("nohostauthenticationforlocalhost");
  const dns = config.first.get("verifyhostkeydns");
  const loose = [
    oneOf(strict, "yes", "no", "ask", "off", "accept-new", "true", "false")?.match(
      /^(no|off|accept-new|false)$/,
    ) && strict,
    flag(localhost) && localhost,
    oneOf(dns, "yes", "no", "ask", "true", "false")?.match(/^(yes|ask|true)$/) && dns,
  ];
  return loose.flatMap((line) =>
    line
      ? [
          `${line.where} (${line.keyword} ${line.words[0]}) isn't followed: a key that nobody has vouched for may be anybody's.`,
        ]
      : [],
  );
}
