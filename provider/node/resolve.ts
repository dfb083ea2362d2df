import { PostureError } from "../errors";
import { parseNodeName } from "./node-name";
import { settingsOf, type NodeSettings, type Settings } from "./settings";
import { readHostConfig, type HostConfig } from "./ssh-config";
import { parseJumps } from "./ssh-jump";
import type { Target } from "./target";
import { expandPath, localSide, type LocalSide } from "./ssh-tokens";

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
  const user = named.user ?? own.user;
  const config = readHostConfig(
    configFiles(settings, local),
    { host: named.host, hostname: own.host, user },
    local,
  );
  refuseUnsupported(config, own);

  const word = (keyword: string) => config.first.get(keyword)?.words[0];
  const where = (keyword: string) => config.first.get(keyword)?.where ?? "";
  const hostLine = config.first.get("hostname");
  const host =
    own.host ?? (hostLine ? expandHost(hostLine.words[0]!, named.host, hostLine.where) : named.host);
  const port = named.port ?? own.port ?? whole(word("port"), where("port"), 1, 65535) ?? 22;
  const finalUser = user ?? word("user") ?? local.user;
  const alias = word("hostkeyalias");
  const tokens = {
    d: local.home,
    h: host,
    i: String(process.getuid?.() ?? ""),
    k: alias ?? named.host,
    n: named.host,
    p: String(port),
    r: finalUser,
    u: local.user,
  };
  const path = (text: string, from: string) => expandPath(text, local, from, tokens);

  // Deep enough for any real chain; what goes deeper goes round.
  if (behind.length > 8)
    throw new PostureError("invalid-settings", `ProxyJump goes round: ${[...behind, node].join(", then ")}.`);
  const hops = jumps ?? parseJumps(config.first.get("proxyjump"));
  const last = hops.at(-1);
  // As `ssh -J a,b`: the way to b is a, whatever the configuration says; a single hop finds its own way.
  const earlier = hops.length > 1 ? hops.slice(0, -1) : undefined;

  const fromSettings = `pve-posture:nodes.${node}`;
  const configured = config.identityFiles
    .filter((line) => line.words[0] !== "none")
    .map((line) => path(line.words[0]!, line.where));
  const anyKey =
    config.identityFiles.length > 0 || own.privateKey !== undefined || own.privateKeyFile !== undefined;
  const files = (keyword: string, defaults: string[]) => {
    const line = config.first.get(keyword);
    return (line?.words ?? defaults)
      .filter((file) => file !== "none")
      .map((file) => path(file, line?.where ?? ""));
  };
  const revoked = word("revokedhostkeys");
  return {
    name: node,
    user: finalUser,
    host,
    port,
    hostFrom: own.host
      ? `${fromSettings}.host`
      : hostLine
        ? `HostName in ${hostLine.where}`
        : "the node's name as given",
    connectTimeoutSeconds:
      settings.connectTimeoutSeconds ?? connectTimeout(word("connecttimeout"), where("connecttimeout")) ?? 10,
    family: ({ inet: 4, inet6: 6 } as const)[word("addressfamily")?.toLowerCase() ?? ""],
    localAddress: word("bindaddress"),
    login: {
      privateKey: own.privateKey,
      firstKeyFile:
        own.privateKeyFile && expandPath(own.privateKeyFile, local, `${fromSettings}.privateKeyFile`),
      keyFiles: anyKey
        ? configured
        : ["id_ed25519", "id_ecdsa", "id_rsa"].map((file) => `${local.home}/.ssh/${file}`),
      defaultKeyFiles: !anyKey,
      passphrase: own.passphrase,
      agent: agentSocket(own, word("identityagent"), local, (text) => path(text, where("identityagent"))),
      identitiesOnly: word("identitiesonly")?.toLowerCase() === "yes",
      password: own.password,
      notes: config.certificateFiles.map((line) => `CertificateFile (${line.where}) isn't supported`),
    },
    trust: {
      alias,
      pinned: typeof own.hostKey === "string" ? [own.hostKey] : own.hostKey,
      files: own.knownHostsFile
        ? [expandPath(own.knownHostsFile, local, `${fromSettings}.knownHostsFile`)]
        : [
            ...files("userknownhostsfile", ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
            ...files("globalknownhostsfile", ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]),
          ],
      revokedFile: revoked && revoked !== "none" ? path(revoked, where("revokedhostkeys")) : undefined,
    },
    sudo: own.sudo ?? finalUser !== "root",
    via: last === undefined ? undefined : resolve(last, settings, local, earlier, [...behind, node]),
  };
}

function configFiles(settings: Settings, local: LocalSide): string[] {
  if (settings.sshConfig === "none") return [];
  // As with ssh -F: a file named outright stands alone.
  if (settings.sshConfig !== undefined)
    return [expandPath(settings.sshConfig, local, "pve-posture:sshConfig")];
  return [`${local.home}/.ssh/config`, "/etc/ssh/ssh_config"];
}

/** What would lead elsewhere, were it ignored. */
function refuseUnsupported(config: HostConfig, own: NodeSettings): void {
  const refuse = (keyword: string, hint: string) => {
    const line = config.first.get(keyword);
    if (!line || /^(no|none)$/i.test(line.words[0]!)) return;
    throw new PostureError("invalid-settings", `${line.where}: ${line.keyword} isn't supported.`, hint);
  };
  if (own.host === undefined)
    refuse("canonicalizehostname", "Give the node's full name as `host` in pve-posture:nodes.");
  refuse("bindinterface", "Use BindAddress.");
}

function agentSocket(
  own: NodeSettings,
  word: string | undefined,
  local: LocalSide,
  path: (text: string) => string,
) {
  if (own.agent !== undefined) return own.agent === false ? undefined : expandPath(own.agent, local, "agent");
  if (word === "none") return undefined;
  const variable =
    word === undefined || word === "SSH_AUTH_SOCK" ? "SSH_AUTH_SOCK" : /^\$(\w+)$/.exec(word)?.[1];
  return variable ? local.env[variable] || undefined : path(word!);
}

function expandHost(text: string, given: string, where: string): string {
  return text.replace(/%(.?)/gs, (_, token: string) => {
    if (token !== "h" && token !== "%")
      throw new PostureError("invalid-settings", `${where}: %${token} isn't understood in HostName.`);
    return token === "h" ? given : "%";
  });
}

function connectTimeout(text: string | undefined, where: string): number | undefined {
  return text === "none" ? undefined : whole(text, where, 1, 86400);
}

function whole(text: string | undefined, where: string, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new PostureError("invalid-settings", `${where}: "${text}" is no whole number from ${min} to ${max}.`);
}
