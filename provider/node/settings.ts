import { z } from "zod";
import { PostureError } from "../errors";
import { parseNodeName } from "./node-name";
import { decodeKeyLine } from "./known-hosts";

const text = z.string().min(1);
const hostKey = text.refine(
  isHostKey,
  'expected "SHA256:…" (the second word that ssh-keygen -l prints) or "ssh-ed25519 AAAA…"',
);

const shape = {
  host: text.optional(),
  port: z.int().min(1).max(65535).optional(),
  user: text.optional(),
  privateKey: text
    .refine(
      (key) => /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(key),
      "expected a private key in OpenSSH's or PEM format",
    )
    .optional(),
  privateKeyFile: text.optional(),
  passphrase: z.string().optional(),
  agent: z.union([text, z.literal(false)], "expected the path of the agent's socket, or false").optional(),
  hostKey: z.union([hostKey, z.array(hostKey).min(1)]).optional(),
  knownHostsFile: text.optional(),
  password: z.string().optional(),
  sudo: z.boolean().optional(),
};

const nodeSchema = z.strictObject(shape, {
  error: (issue) =>
    issue.code === "unrecognized_keys" ? `no such setting: ${issue.keys?.join(", ")}; there are ${Object.keys(shape).join(", ")}` : undefined,
});

/**
 * How to reach one node, where `~/.ssh/config` doesn't say it (or a CI runner has none).
 *
 * - `host`, `port`, `user` win over `~/.ssh/config`.
 * - `privateKey` is the key's text, `privateKeyFile` its path; both are tried before the agent.
 * - `agent` is the path of the agent's socket; `false` asks no agent.
 * - `hostKey` pins the host key (`SHA256:…` or `ssh-ed25519 AAAA…`, or several); known_hosts isn't read then.
 * - `sudo` runs commands through `sudo -n`; by default when `user` isn't root.
 */
export type NodeSettings = z.infer<typeof nodeSchema>;

/** How long a reading or an apply may take where nothing is set. */
export const defaultTimeoutSeconds = 120;

/** Everything the library takes from the stack's configuration and the environment. */
export interface Settings {
  /** by the name the program uses, or by its host alone */
  nodes: Record<string, NodeSettings>;
  /** path of the ssh_config to read, `"none"` for none; undefined: what ssh reads */
  sshConfig?: string;
  /** whether a preview asks the nodes, and whether one that can't be reached is an error there */
  preview: "live" | "offline" | "strict";
  /** how long to wait for PVE's lock of a container, in seconds */
  lockTimeoutSeconds: number;
  /** how long reading a node, or applying to it, may take, in seconds; waiting for locks and restarts come on top */
  timeoutSeconds: number;
  /** undefined: ConnectTimeout of `~/.ssh/config`, else 10 */
  connectTimeoutSeconds?: number;
}

const seconds = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, "expected a whole number of seconds")
    .transform(Number)
    .pipe(z.int().min(min).max(max));

const nodesSchema = z.record(z.string().refine(isNodeName, "can't be the name of a node"), nodeSchema);

/**
 * Reads the settings; a variable of the environment wins over the stack's configuration
 * (for nodes: entry by entry).
 *
 * @param get the stack's configuration, by full key (`pve-posture:nodes`)
 * @throws PostureError `invalid-settings`, which lists every problem by key and path and shows no value
 */
export function readSettings(get: (key: string) => string | undefined, env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const check = <T>(source: string, schema: z.ZodType<T>, value: unknown): T | undefined => {
    if (value === undefined) return undefined;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    problems.push(
      ...flatten(result.error.issues).map((issue) => `${source}${pathText(issue.path)}: ${issue.message}`),
    );
    return undefined;
  };
  const nodesFrom = (source: string, raw: string | undefined) => {
    if (raw === undefined || raw === "") return undefined;
    try {
      return check(source, nodesSchema, JSON.parse(raw));
    } catch {
      // The parser's message quotes the text, and with it perhaps a key.
      problems.push(`${source}: is not valid JSON (expected an object: node name to settings)`);
      return undefined;
    }
  };
  const one = <T>(key: string, variable: string, schema: z.ZodType<T>): T | undefined => {
    const fromEnv = env[variable] || undefined;
    return fromEnv === undefined
      ? check(key, schema, get(key) || undefined)
      : check(variable, schema, fromEnv);
  };

  const settings: Settings = {
    nodes: {
      ...nodesFrom("pve-posture:nodes", get("pve-posture:nodes")),
      ...nodesFrom("PVE_POSTURE_NODES", env.PVE_POSTURE_NODES),
    },
    sshConfig: one("pve-posture:sshConfig", "PVE_POSTURE_SSH_CONFIG", text),
    preview:
      one("pve-posture:preview", "PVE_POSTURE_PREVIEW", z.enum(["live", "offline", "strict"])) ?? "live",
    lockTimeoutSeconds:
      one("pve-posture:lockTimeoutSeconds", "PVE_POSTURE_LOCK_TIMEOUT_SECONDS", seconds(0, 600)) ?? 10,
    timeoutSeconds:
      one("pve-posture:timeoutSeconds", "PVE_POSTURE_TIMEOUT_SECONDS", seconds(1, 86_400)) ??
      defaultTimeoutSeconds,
    connectTimeoutSeconds: one(
      "pve-posture:connectTimeoutSeconds",
      "PVE_POSTURE_CONNECT_TIMEOUT_SECONDS",
      seconds(1, 600),
    ),
  };
  if (problems.length > 0) {
    throw new PostureError(
      "invalid-settings",
      `The settings can't be used:\n${problems.map((p) => `- ${p}`).join("\n")}`,
    );
  }
  return settings;
}

/** The settings of a node: under the name as given, else under its host alone. */
export function settingsOf(settings: Settings, node: string): NodeSettings {
  const own = (name: string) => (Object.hasOwn(settings.nodes, name) ? settings.nodes[name] : undefined);
  return own(node) ?? own(parseNodeName(node).host) ?? {};
}

/** A union's own issue says only "invalid input"; the branch that got furthest says what is wrong. */
function flatten(
  issues: readonly z.core.$ZodIssue[],
  prefix: PropertyKey[] = [],
): { path: PropertyKey[]; message: string }[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code === "invalid_key") return [{ path, message: issue.issues[0]?.message ?? issue.message }];
    if (issue.code !== "invalid_union") return [{ path, message: issue.message }];
    const branches = issue.errors.filter(
      (branch) => !branch.some((i) => /^invalid_(type|value)$/.test(i.code) && i.path.length === 0),
    );
    return branches[0] ? flatten(branches[0], path) : [{ path, message: issue.message }];
  });
}

function pathText(path: PropertyKey[]): string {
  return path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
}

function isHostKey(value: string): boolean {
  return /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(value.trim()) || decodeKeyLine(value) !== undefined;
}

function isNodeName(name: string): boolean {
  try {
    parseNodeName(name);
    return true;
  } catch {
    return false;
  }
}
