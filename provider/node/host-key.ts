import { readFileSync } from "node:fs";
import { PostureError } from "../errors";
import {
  decodeKeyLine,
  fingerprint,
  judge,
  knownTypes,
  lookupName,
  parseKnownHosts,
  rsaBits,
} from "./known-hosts";
import { changedKey, pinnedMismatch, revokedKey, shortKey, unknownKey } from "./host-key-errors";
import type { Target } from "./target";

/** Decides over the host key of one target. There is no way to accept one silently, whatever ssh_config says. */
export interface HostKeyCheck {
  /** what to offer in the handshake: types we can compare first, as the server answers with the first it has */
  algorithms: string[];
  /** undefined: the key is the node's */
  refuse(key: Buffer): PostureError | undefined;
}

// Without ssh-rsa itself: its signatures are SHA-1. Without certificates: ssh2 can't verify them.
const ALGORITHMS: Record<string, string[]> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

/** All that can be asked for. */
export const hostKeyAlgorithms: readonly string[] = Object.values(ALGORITHMS).flat();

/**
 * Reads what is known of a target's host key.
 *
 * @throws PostureError `invalid-settings` when a file is there but can't be read: it may revoke the key
 */
export function hostKeyCheck(target: Target): HostKeyCheck {
  const { trust } = target;
  const revokedKeys = trust.revokedFile === undefined ? [] : readRevoked(trust.revokedFile);
  const unfit = (key: Buffer) => {
    if (revokedKeys.some((revoked) => revoked.equals(key)))
      return revokedKey(target, key, trust.revokedFile!);
    return rsaBits(key) < trust.rsaBits ? shortKey(target, key) : undefined;
  };

  if (trust.pinned) {
    const { pinned } = trust;
    const lines = pinned.flatMap((text) => decodeKeyLine(text) ?? []);
    const prints = [
      ...lines.map(({ key }) => fingerprint(key)),
      ...pinned.filter(isPrint).map((p) => p.trim().replace(/=$/, "")),
    ];
    return {
      algorithms: ordered(
        trust.algorithms,
        lines.map(({ type }) => type),
      ),
      refuse: (key) =>
        unfit(key) ?? (prints.includes(fingerprint(key)) ? undefined : pinnedMismatch(target, key, prints)),
    };
  }

  const entries = trust.files.flatMap((file) =>
    parseKnownHosts(readOptional(file)?.toString("utf8") ?? "", file),
  );
  // Like ssh: off port 22, a key listed for the host without a port is good enough, but never "changed".
  const names =
    trust.alias !== undefined
      ? [trust.alias]
      : [...new Set([lookupName(target.host, target.port), lookupName(target.host, 22)])];
  return {
    algorithms: ordered(trust.algorithms, knownTypes(entries, names)),
    refuse: (key) => {
      const verdict = judge(entries, names, key);
      if (verdict.kind === "revoked")
        return revokedKey(target, key, `${verdict.entry.file}:${verdict.entry.line}`);
      if (verdict.kind === "changed") return changedKey(target, names[0]!, key, verdict.entries);
      return (
        unfit(key) ??
        (verdict.kind === "unknown" ? unknownKey(target, names[0]!, key, verdict.authorities) : undefined)
      );
    },
  };
}

function ordered(allowed: readonly string[], known: readonly string[]): string[] {
  const first = known.flatMap((type) => ALGORITHMS[type] ?? []).filter((name) => allowed.includes(name));
  return [...new Set([...first, ...allowed])];
}

function isPrint(text: string): boolean {
  return text.trim().startsWith("SHA256:");
}

function readRevoked(file: string): Buffer[] {
  const data = readOptional(file);
  if (!data || data.subarray(0, 6).toString("latin1") === "SSHKRL") {
    throw new PostureError(
      "invalid-settings",
      `RevokedHostKeys ${file} ${data ? "is a binary revocation list, which isn't supported" : "isn't there"}.`,
      "Name a text file with one public key per line.",
    );
  }
  return data
    .toString("utf8")
    .split("\n")
    .flatMap((line) => decodeKeyLine(line)?.key ?? []);
}

function readOptional(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new PostureError(
      "invalid-settings",
      `${file} can't be read: ${(error as Error).message}.`,
      undefined,
      { cause: error },
    );
  }
}
