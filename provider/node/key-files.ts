import { readFileSync } from "node:fs";
import { utils } from "ssh2";
import { PostureError } from "../errors";
import { parseCertificate, type Certificate } from "./certificate";
import { decodeKeyLine, keyType } from "./known-hosts";
import { fileSigner, type Signer } from "./signer";
import type { LoginMeans, Target } from "./target";
import { Reader } from "./ssh-format";

/** A key as a file (or a text) has it. */
export interface KeyFile {
  /** for people: the key, or why it can't sign */
  label: string;
  /** undefined: only its public half is of use */
  signer?: Signer;
  publicKey?: Buffer;
}

/**
 * Keys of the node's settings: named outright, so that failing to use them is an error and no note.
 *
 * @throws PostureError `invalid-settings`
 */
export function settingsKeys({ name, login }: Target): KeyFile[] {
  const fail = (field: string, why: string, hint?: string) =>
    new PostureError("invalid-settings", `pve-posture:nodes.${name}.${field}${why}.`, hint);
  const parse = (field: string, text: string): KeyFile => {
    const key = utils.parseKey(text.endsWith("\n") ? text : `${text}\n`, login.passphrase);
    if (!(key instanceof Error) && key.isPrivateKey())
      return { label: `the key of ${field}`, signer: fileSigner(key) };
    if (!(key instanceof Error))
      throw fail(field, " is a public key", "The private one is needed, or an agent that holds it.");
    if (isSecurityKey(publicIn(text)))
      throw fail(field, " is a security key's", "Load it into an agent: ssh-add.");
    if (!isLocked(key)) throw fail(field, " isn't a key that can be read");
    const given = login.passphrase ? " that isn't the given one" : "";
    throw fail(field, ` is protected by a passphrase${given}`, "Set `passphrase` beside it.");
  };
  const keys: KeyFile[] = [];
  if (login.privateKey !== undefined) keys.push(parse("privateKey", login.privateKey));
  if (login.firstKeyFile !== undefined) {
    let text: string;
    try {
      text = readFileSync(login.firstKeyFile, "utf8");
    } catch (error) {
      throw fail("privateKeyFile", `: ${(error as Error).message}`);
    }
    keys.push(parse("privateKeyFile", text));
  }
  return keys;
}

/** An IdentityFile; undefined when nothing can come of it, which the notes then say. */
export function readKeyFile(path: string, login: LoginMeans, notes: string[]): KeyFile | undefined {
  const text = readText(path);
  if (typeof text !== "string") {
    const missing = text.code === "ENOENT";
    if (!missing || !login.defaultKeyFiles)
      notes.push(`${path} ${missing ? "isn't there" : `can't be read (${text.code})`}`);
    // Its .pub may still name a key that the agent holds.
    return missing && !login.defaultKeyFiles ? publicHalf(path, `${path} is only in part there`) : undefined;
  }
  const key = utils.parseKey(text, login.passphrase);
  if (!(key instanceof Error) && key.isPrivateKey()) {
    const signer = fileSigner(key);
    return { label: path, signer, publicKey: signer.publicKey };
  }
  const line = decodeKeyLine(text)?.key;
  if (line) {
    const publicKey = parseCertificate(line)?.publicKey ?? line;
    return { label: `${path} is a public key that the agent doesn't hold`, publicKey };
  }
  const inside = publicIn(text);
  if (isSecurityKey(inside))
    return {
      label: `${path} is a security key's: load it into the agent (ssh-add ${path})`,
      publicKey: inside,
    };
  if (key instanceof Error && isLocked(key)) {
    const label = `${path} is protected by a passphrase: load it into the agent (ssh-add ${path})`;
    return inside ? { label, publicKey: inside } : publicHalf(path, label);
  }
  notes.push(`${path} isn't a key that can be read`);
  return undefined;
}

/** A certificate, with the file as its label; a note when the file has none. */
export function readCertificate(
  path: string,
  notes: string[],
): { label: string; certificate: Certificate } | undefined {
  const text = readText(path);
  const line = typeof text === "string" ? decodeKeyLine(text)?.key : undefined;
  const certificate = line && parseCertificate(line);
  if (certificate) return { label: path, certificate };
  notes.push(
    `${path} ${typeof text === "string" ? "is no certificate for users" : `can't be read (${text.code})`}`,
  );
  return undefined;
}

function readText(path: string): string | NodeJS.ErrnoException {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

function publicHalf(path: string, label: string): KeyFile {
  const text = readText(`${path}.pub`);
  return { label, publicKey: typeof text === "string" ? decodeKeyLine(text)?.key : undefined };
}

/** The public half that OpenSSH writes into a private key's file, in clear even where the rest is locked. */
function publicIn(text: string): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (body === undefined) return undefined;
  try {
    const reader = new Reader(Buffer.from(body, "base64"));
    reader.bytes("openssh-key-v1\0".length);
    for (let i = 0; i < 3; i++) reader.string(); // cipher, key derivation, its options
    return reader.uint32() === 1 ? reader.string() : undefined;
  } catch {
    return undefined; // cut off: not a key that can be read
  }
}

function isSecurityKey(publicKey: Buffer | undefined): boolean {
  return publicKey !== undefined && (keyType(publicKey)?.startsWith("sk-") ?? false);
}

/** ssh2 tells a locked key from a broken one by its message only. */
function isLocked(error: Error): boolean {
  return /passphrase|integrity check/i.test(error.message);
}
