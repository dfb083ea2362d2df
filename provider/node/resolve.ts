import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { PostureError } from "../errors";
import { parseNodeName } from "./node-name";
import { settingsOf, type NodeSettings, type Settings } from "./settings";
import { readHostConfig } from "./ssh-config";
import type { ConfigLine } from "./ssh-config-file";
import { refuseUnsupported } from "./ssh-host-config";
import { loginMeans } from "./ssh-login";
import { fillCommand, fillHop, parseWay } from "./ssh-proxy";
import { expandPath, localSide, type LocalSide } from "./ssh-tokens";
import { trustOf } from "./ssh-trust";
import { bad, oneOf, seconds, whole } from "./ssh-values";
import type { Proxy, Target } from "./target";

const CONNECT_SECONDS = 10;
// Where nothing is set, ssh asks for no sign of life; but nobody watches our commands.
const KEEPALIVE = { seconds: 15, unanswered: 3 };

/**
 * Settles how to reach a node: its name, then the settings, then ssh_config, then ssh's defaults.
 *
 * @throws PostureError `invalid-settings`, `invalid-input`
 */
export function resolveTarget(name: string, settings: Settings, local = localSide()): Target {
  return resolve(name, settings, local, undefined, []);
}

function resolve(
  node: string,
  settings: Settings,
  local: LocalSide,
  jumps: string[] | undefined,
  behind: string[],
): Target {
  const named = parseNodeName(node);
  const own = settingsOf(settings, node);
  const givenUser = named.user ?? own.user;
  const config = readHostConfig(
    configFiles(settings, local),
    { host: named.host, hostname: own.host, user: givenUser },
    local,
  );
  const line = (keyword: string) => config.first.get(keyword);
  const way = jumps === undefined ? parseWay(line("proxyjump")) : { jumps, command: undefined };
  refuseUnsupported(config, takenOver(own, way.command !== undefined));

  const hostLine = line("hostname");
  const host = (own.host ?? (hostLine ? expandHost(hostLine, named.host) : named.host)).toLowerCase();
  const port = named.port ?? own.port ?? whole(line("port"), 1, 65535) ?? 22;
  const user = givenUser ?? userOf(line("user")) ?? local.user;
  const tokens = {
    d: local.home,
    h: host,
    i: String(process.getuid?.() ?? ""),
    k: line("hostkeyalias")?.words[0]!.toLowerCase() ?? named.host,
    l: hostname(),
    L: hostname().split(".")[0]!,
    n: named.host,
    p: String(port),
    r: user,
    u: local.user,
  };
  const path = (text: string, where: string) => expandPath(text, local, where, tokens);
  const from = `pve-posture:nodes.${node}`;

  // Deep enough for any real chain; what goes deeper goes round.
  if (behind.length > 8)
    throw new PostureError("invalid-settings", `ProxyJump goes round: ${[...behind, node].join(", then ")}.`);
  const toThere = { h: host, n: named.host, p: String(port), r: user };
  const hops = jumps ?? way.jumps.map((hop) => fillHop(line("proxyjump")!, hop, toThere));
  const last = hops.at(-1);
  // As `ssh -J a,b`: the way to b is a, whatever the configuration says; a single hop finds its own way.
  const earlier = hops.length > 1 ? hops.slice(0, -1) : undefined;
  const proxy: Proxy | undefined = way.command && {
    command: fillCommand(way.command, toThere),
    shell: local.env.SHELL || "/bin/sh",
    where: way.command.where,
  };
  const family = oneOf(line("addressfamily"), "any", "inet", "inet6") ?? "any";
  return {
    name: node,
    user,
    host,
    port,
    hostFrom: own.host
      ? `${from}.host`
      : hostLine
        ? `HostName in ${hostLine.where}`
        : "the node's name as given",
    // 0 would be to wait for ever, as none is for ssh
    connectTimeoutSeconds:
      settings.connectTimeoutSeconds ?? (seconds(line("connecttimeout")) || CONNECT_SECONDS),
    keepalive: {
      seconds: seconds(line("serveraliveinterval")) ?? KEEPALIVE.seconds,
      unanswered: whole(line("serveralivecountmax"), 0, 1_000_000) ?? KEEPALIVE.unanswered,
    },
    family: ({ any: undefined, inet: 4, inet6: 6 } as const)[family],
    localAddress: line("bindaddress")?.words[0],
    login: loginMeans(config, own, local, path, from),
    trust: trustOf(config, own, local, path, from),
    sudo: own.sudo ?? user !== "root",
    via: last === undefined ? undefined : resolve(last, settings, local, earlier, [...behind, node]),
    proxy,
  };
}

function configFiles(settings: Settings, local: LocalSide): string[] {
  if (settings.sshConfig === "none") return [];
  // As with ssh -F: a file named outright stands alone.
  if (settings.sshConfig !== undefined) {
    const file = expandPath(settings.sshConfig, local, "pve-posture:sshConfig");
    if (!existsSync(file)) {
      throw new PostureError(
        "invalid-settings",
        `pve-posture:sshConfig names ${file}, which isn't there.`,
        "Correct the path, or set none to read no file.",
      );
    }
    return [file];
  }
  return [`${local.home}/.ssh/config`, "/etc/ssh/ssh_config"];
}

/** Directives that can't lead elsewhere, as the settings say it, or as they are about a program that isn't run. */
function takenOver(own: NodeSettings, proxied: boolean): string[] {
  return [
    ...(own.host !== undefined ? ["canonicalizehostname"] : []),
    ...(own.hostKey !== undefined || own.knownHostsFile !== undefined
      ? ["knownhostscommand", "checkhostip"]
      : []),
    ...(proxied ? [] : ["proxyusefdpass"]),
  ];
}

function userOf(line: ConfigLine | undefined): string | undefined {
  // Before OpenSSH 10 these stood for themselves.
  if (line && /%|\$\{/.test(line.words[0]!))
    throw bad(line, `tokens in User aren't understood ("${line.words[0]}")`, "Write the name.");
  return line?.words[0];
}

function expandHost(line: ConfigLine, given: string): string {
  return line.words[0]!.replace(/%(.?)/gs, (_, token: string) => {
    if (token !== "h" && token !== "%") throw bad(line, `%${token} isn't understood in HostName`);
    return token === "h" ? given : "%";
  });
}
