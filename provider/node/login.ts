import { existsSync } from "node:fs";
import { listKeys } from "./agent";
import { allows } from "./algorithms";
import { doubts, isCertificate, parseCertificate, type Certificate } from "./certificate";
import { readCertificate, readKeyFile, settingsKeys, type KeyFile } from "./key-files";
import { keyType, rsaBits } from "./known-hosts";
import { agentSigner, certified, type Signer } from "./signer";
import type { AuthMethod, Target } from "./target";

/** One thing to try, and how to call it when it was refused. */
export interface Attempt {
  label: string;
  /** the method's name in SSH's protocol */
  kind: AuthMethod;
  /** for `publickey` */
  signer?: Signer;
}

/** What will be tried, in order, and why some things won't. */
export interface LoginPlan {
  attempts: Attempt[];
  notes: string[];
}

/** How long an agent may take to list its keys; none asks anybody for that. */
const LIST_MS = 5_000;

interface Agent {
  plain: Held[];
  certificates: { label: string; certificate: Certificate; signer: Signer }[];
}
interface Held {
  label: string;
  signer: Signer;
}

/**
 * Plans the login in OpenSSH's order: the agent's keys that the configuration names, the agent's
 * others, key files, password. Keys of the node's settings come before all of them: an agent full
 * of keys would use up the server's patience (MaxAuthTries). A certificate comes before its key.
 *
 * @throws PostureError `invalid-settings` when a key of the settings can't be used
 */
export async function planLogin(target: Target, signal: AbortSignal): Promise<LoginPlan> {
  const { login, user } = target;
  const notes: string[] = [];
  const attempts: Attempt[] = [];
  const add = (label: string, signer: Signer) => {
    if (attempts.some((other) => other.signer?.blob.equals(signer.blob))) return;
    const { algorithms } = login;
    if (algorithms && !allows(algorithms.text, signer.algorithm)) {
      notes.push(`${label}: ${algorithms.where} doesn't allow ${signer.algorithm}`);
    } else if (rsaBits(signer.publicKey) < login.rsaBits) {
      notes.push(`${label} has fewer than ${login.rsaBits} bits (RequiredRSASize)`);
    } else attempts.push({ label, kind: "publickey", signer });
  };

  const own = settingsKeys(target);
  const files = login.keyFiles.flatMap((path) => readKeyFile(path, login, notes) ?? []);
  const held =
    login.agent === undefined ? { plain: [], certificates: [] } : await askAgent(target, notes, signal);
  const certificates = certificateFiles(target).flatMap((path) => readCertificate(path, notes) ?? []);
  const addKey = ({ label, signer }: Held) => {
    for (const { label: from, certificate } of certificates) {
      if (!certificate.publicKey.equals(signer.publicKey)) continue;
      add(from, certified(signer, certificate));
      notes.push(...doubts(certificate, user).map((why) => `${from}: ${why}`));
    }
    add(label, signer);
  };
  const addHeld = (publicKey: Buffer) => {
    for (const { label, certificate, signer } of held.certificates) {
      if (!certificate.publicKey.equals(publicKey)) continue;
      add(label, signer);
      notes.push(...doubts(certificate, user).map((why) => `${label}: ${why}`));
    }
    held.plain.filter(({ signer }) => signer.publicKey.equals(publicKey)).forEach(addKey);
  };
  const isHeld = ({ publicKey }: KeyFile) =>
    publicKey !== undefined &&
    (held.plain.some(({ signer }) => signer.publicKey.equals(publicKey)) ||
      held.certificates.some(({ certificate }) => certificate.publicKey.equals(publicKey)));
  const addFile = ({ label, signer }: KeyFile) => signer && addKey({ label, signer });

  own.forEach(addFile);
  for (const { publicKey } of files) if (publicKey) addHeld(publicKey);
  if (!login.identitiesOnly) {
    for (const { signer } of [...held.certificates, ...held.plain]) addHeld(signer.publicKey);
  }
  files.forEach(addFile);
  for (const file of files) if (!file.signer && !isHeld(file)) notes.push(file.label);

  if (login.password !== undefined) {
    attempts.push({ label: "the password of the settings, at its prompt", kind: "keyboard-interactive" });
    attempts.push({ label: "the password of the settings", kind: "password" });
  }
  return { attempts: inOrder(attempts, target, notes), notes: [...new Set(notes)] };
}

/** The methods that the configuration allows, in its order. */
function inOrder(attempts: Attempt[], { login }: Target, notes: string[]): Attempt[] {
  for (const { kind, where } of login.forbidden) {
    if (attempts.some((attempt) => attempt.kind === kind)) notes.push(`${where} forbids ${kind}`);
  }
  return login.methods.flatMap((kind) => attempts.filter((attempt) => attempt.kind === kind));
}

/** As ssh: those named outright, else those beside the keys. */
function certificateFiles({ login }: Target): string[] {
  if (login.certificateFiles.length > 0) return login.certificateFiles;
  const keys = login.firstKeyFile === undefined ? login.keyFiles : [login.firstKeyFile, ...login.keyFiles];
  // ~/.ssh/id_x-cert.pub, for a key that is named by its .pub too
  return keys.map((path) => `${path.replace(/\.pub$/, "")}-cert.pub`).filter(existsSync);
}

async function askAgent(
  { login, connectTimeoutSeconds }: Target,
  notes: string[],
  signal: AbortSignal,
): Promise<Agent> {
  const socket = login.agent!;
  const found: Agent = { plain: [], certificates: [] };
  const keys = await listKeys(socket, Math.min(LIST_MS, connectTimeoutSeconds * 1000), signal).catch(
    (error: Error) => {
      notes.push(`the agent at ${socket} can't be asked (${error.message})`);
    },
  );
  for (const { blob, comment } of keys ?? []) {
    const certificate = isCertificate(blob) ? parseCertificate(blob) : undefined;
    if (isCertificate(blob) && !certificate) continue;
    const label = `the agent's ${certificate ? "certificate" : "key"} ${comment || keyType(blob)}`;
    const signer = agentSigner(
      socket,
      blob,
      certificate?.publicKey ?? blob,
      connectTimeoutSeconds * 1000,
      signal,
    );
    if (certificate) found.certificates.push({ label, certificate, signer });
    else found.plain.push({ label, signer });
  }
  if (keys?.length === 0) notes.push(`the agent at ${socket} holds no key`);
  return found;
}
