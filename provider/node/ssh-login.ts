import type { NodeSettings } from "./settings";
import type { HostConfig } from "./ssh-host-config";
import type { ConfigLine } from "./ssh-config-file";
import { flag, whole } from "./ssh-values";
import { expandPath, type LocalSide } from "./ssh-tokens";
import type { AuthMethod, LoginMeans } from "./target";

/** Fills the tokens of a path in. */
export type PathOf = (text: string, where: string) => string;

const METHODS: AuthMethod[] = ["publickey", "keyboard-interactive", "password"];

/** What may let us in, by the settings and ssh_config. */
export function loginMeans(
  config: HostConfig,
  own: NodeSettings,
  local: LocalSide,
  path: PathOf,
  from: string,
): LoginMeans {
  const line = (keyword: string) => config.first.get(keyword);
  const paths = (lines: ConfigLine[]) =>
    lines.filter(({ words }) => words[0] !== "none").map(({ words, where }) => path(words[0]!, where));
  const anyKey =
    config.identityFiles.length > 0 || own.privateKey !== undefined || own.privateKeyFile !== undefined;
  const accepted = line("pubkeyacceptedalgorithms");
  return {
    privateKey: own.privateKey,
    firstKeyFile: own.privateKeyFile && expandPath(own.privateKeyFile, local, `${from}.privateKeyFile`),
    keyFiles: anyKey
      ? paths(config.identityFiles)
      : ["id_ed25519", "id_ecdsa", "id_rsa"].map((file) => `${local.home}/.ssh/${file}`),
    defaultKeyFiles: !anyKey,
    certificateFiles: paths(config.certificateFiles),
    passphrase: own.passphrase,
    agent: agentSocket(own, line("identityagent"), local, path, from),
    identitiesOnly: flag(line("identitiesonly")) ?? false,
    password: own.password,
    ...methods(config),
    algorithms: accepted && { text: accepted.words[0]!, where: accepted.where },
    rsaBits: rsaBitsOf(config),
    untried: [
      { method: "gssapi-with-mic", from: line("gssapiauthentication") },
      { method: "hostbased", from: line("hostbasedauthentication") },
    ].flatMap(({ method, from }) =>
      from && flag(from) ? [{ method, note: `${from.where}: ${from.keyword} isn't supported` }] : [],
    ),
  };
}

/** How long an RSA key has to be, ssh's default included. */
export function rsaBitsOf(config: HostConfig): number {
  return whole(config.first.get("requiredrsasize"), 0, 65_536) ?? 1024;
}

function methods(config: HostConfig): Pick<LoginMeans, "methods" | "forbidden"> {
  const preferred = config.first.get("preferredauthentications");
  const order = preferred?.words[0]!.split(",") ?? METHODS;
  const forbiddenBy = (kind: AuthMethod): ConfigLine | undefined => {
    const own = {
      publickey: config.first.get("pubkeyauthentication"),
      "keyboard-interactive": config.first.get("kbdinteractiveauthentication"),
      password: config.first.get("passwordauthentication"),
    }[kind];
    // `unbound` and `host-bound` are ways of allowing it
    if (own && !/^(unbound|host-bound)$/i.test(own.words[0]!) && flag(own) === false) return own;
    return order.includes(kind) ? undefined : preferred;
  };
  return {
    methods: order.flatMap((name) => METHODS.filter((kind) => kind === name && !forbiddenBy(kind))),
    forbidden: METHODS.flatMap((kind) => {
      const line = forbiddenBy(kind);
      return line ? [{ kind, where: `${line.where} (${line.keyword})` }] : [];
    }),
  };
}

function agentSocket(
  own: NodeSettings,
  line: ConfigLine | undefined,
  local: LocalSide,
  path: PathOf,
  from: string,
) {
  if (own.agent !== undefined)
    return own.agent === false ? undefined : expandPath(own.agent, local, `${from}.agent`);
  const word = line?.words[0] ?? "SSH_AUTH_SOCK";
  if (word === "none") return undefined;
  const variable = word === "SSH_AUTH_SOCK" ? word : /^\$(\w+)$/.exec(word)?.[1];
  return variable ? local.env[variable] || undefined : path(word, line!.where);
}
