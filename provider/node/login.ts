import { readFileSync } from "node:fs";
import { BaseAgent, createAgent, utils, type AnyAuthMethod, type ParsedKey } from "ssh2";
import { PostureError } from "../errors";
import type { LoginMeans, Target } from "./target";

/** One thing to try, and how to call it when it was refused. */
export interface Attempt {
  label: string;
  /** the method's name in SSH's protocol */
  kind: "publickey" | "password";
  /** what ssh2's authHandler wants */
  method: AnyAuthMethod;
}

/** What will be tried, in order, and why some things won't. */
export interface LoginPlan {
  attempts: Attempt[];
  notes: string[];
}

interface KeyFile {
  label: string;
  /** undefined: only its public half is known */
  key?: ParsedKey;
  public?: Buffer;
}

/**
 * Plans the login in OpenSSH's order: the agent's keys that the configuration names, the agent's
 * others, key files, password. Keys of the node's settings come before all of them: an agent full
 * of keys would use up the server's patience (MaxAuthTries).
 *
 * @throws PostureError `invalid-settings` when a key of the settings can't be used
 */
export async function planLogin(target: Target): Promise<LoginPlan> {
  const { login, user: username } = target;
  const notes = [...login.notes];
  const attempts: Attempt[] = [];
  const seen: Buffer[] = [];
  const add = (label: string, publicKey: Buffer, method: Attempt["method"]) => {
    if (seen.some((other) => other.equals(publicKey))) return;
    seen.push(publicKey);
    attempts.push({ label, kind: "publickey", method });
  };
  const addFile = (file: KeyFile) => {
    if (file.key) add(file.label, file.key.getPublicSSH(), { type: "publickey", username, key: file.key });
  };

  settingsKeys(target).forEach(addFile);
  const files = login.keyFiles.flatMap((path) => loadKeyFile(path, login, notes) ?? []);
  const held = login.agent === undefined ? [] : await agentKeys(login.agent, notes);
  const named = files.flatMap((file) => held.filter((key) => file.public?.equals(key.getPublicSSH())));
  for (const key of login.identitiesOnly ? named : [...named, ...held]) {
    const label = `the agent's key ${key.comment || key.type}`;
    add(label, key.getPublicSSH(), { type: "agent", username, agent: new OneKey(login.agent!, key) });
  }
  files.forEach(addFile);
  for (const file of files) {
    if (!file.key && !held.some((key) => file.public?.equals(key.getPublicSSH()))) notes.push(file.label);
  }
  const { password } = login;
  if (password !== undefined) {
    attempts.push({
      label: "the password of the settings",
      kind: "password",
      method: { type: "password", username, password },
    });
  }
  return { attempts, notes };
}

/** Named outright, so that failing to use them is an error and no note. */
function settingsKeys({ name, login }: Target): KeyFile[] {
  const parse = (field: string, text: string): KeyFile => {
    const key = utils.parseKey(text.endsWith("\n") ? text : `${text}\n`, login.passphrase);
    if (!(key instanceof Error)) return { label: `the key of ${field}`, key };
    const why = isLocked(key)
      ? `is protected by a passphrase${login.passphrase ? " that isn't the given one" : ""}`
      : "isn't a key that can be read";
    throw new PostureError(
      "invalid-settings",
      `pve-posture:nodes.${name}.${field} ${why}.`,
      isLocked(key) ? "Set `passphrase` beside it." : undefined,
    );
  };
  const keys: KeyFile[] = [];
  if (login.privateKey !== undefined) keys.push(parse("privateKey", login.privateKey));
  if (login.firstKeyFile !== undefined) {
    try {
      keys.push(parse("privateKeyFile", readFileSync(login.firstKeyFile, "utf8")));
    } catch (error) {
      if (error instanceof PostureError) throw error;
      throw new PostureError(
        "invalid-settings",
        `pve-posture:nodes.${name}.privateKeyFile: ${(error as Error).message}.`,
      );
    }
  }
  return keys;
}

function loadKeyFile(path: string, login: LoginMeans, notes: string[]): KeyFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" || !login.defaultKeyFiles)
      notes.push(`${path} ${code === "ENOENT" ? "isn't there" : `can't be read (${code})`}`);
    // Its .pub may still name a key that the agent holds.
    return code === "ENOENT" && !login.defaultKeyFiles
      ? publicHalf(path, `${path} is only in part there`)
      : undefined;
  }
  const key = utils.parseKey(text, login.passphrase);
  if (!(key instanceof Error)) {
    if (key.isPrivateKey()) return { label: path, key, public: key.getPublicSSH() };
    return { label: `${path} is a public key that the agent doesn't hold`, public: key.getPublicSSH() };
  }
  if (isLocked(key))
    return publicHalf(path, `${path} is protected by a passphrase: load it into the agent (ssh-add ${path})`);
  notes.push(`${path} isn't a key that can be read`);
  return undefined;
}

function publicHalf(path: string, label: string): KeyFile {
  try {
    const key = utils.parseKey(readFileSync(`${path}.pub`, "utf8"));
    return { label, public: key instanceof Error ? undefined : key.getPublicSSH() };
  } catch {
    return { label };
  }
}

/** ssh2 tells a locked key from a broken one by its message only. */
function isLocked(error: Error): boolean {
  return /passphrase/i.test(error.message);
}

function agentKeys(socket: string, notes: string[]): Promise<ParsedKey[]> {
  return new Promise((resolve) => {
    const done = (keys: ParsedKey[], note?: string) => {
      clearTimeout(timer);
      if (note) notes.push(note);
      resolve(keys);
    };
    const timer = setTimeout(() => done([], `the agent at ${socket} doesn't answer`), 5_000);
    createAgent(socket).getIdentities((error, keys) => {
      if (error) return done([], `the agent at ${socket} can't be asked (${error.message})`);
      const parsed = (keys ?? []).flatMap((key) => {
        const one = utils.parseKey(key as ParsedKey);
        return one instanceof Error ? [] : [one];
      });
      done(parsed, parsed.length === 0 ? `the agent at ${socket} holds no key that can be used` : undefined);
    });
  });
}

/** An agent with a single key: ssh2 would otherwise try all of them, in the agent's order. */
class OneKey extends BaseAgent<ParsedKey> {
  private readonly agent;
  constructor(
    socket: string,
    private readonly key: ParsedKey,
  ) {
    super();
    this.agent = createAgent(socket);
  }
  override getIdentities(callback: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    callback(undefined, [this.key]);
  }
  override sign(...args: unknown[]): void {
    (this.agent.sign as (...args: unknown[]) => void).apply(this.agent, args);
  }
}
