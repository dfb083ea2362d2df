import { PostureError } from "../errors";
import { describeTarget } from "./describe";
import { fingerprint, keyType, rsaBits, type KnownHost } from "./known-hosts";
import type { Target } from "./target";

/** How to see a key's fingerprint on the node itself, out of reach of whoever sits between. */
function onNode(key: Buffer): string {
  const name = { "ssh-ed25519": "ed25519", "ssh-rsa": "rsa" }[keyType(key) ?? ""] ?? "ecdsa";
  return `ssh-keygen -lf /etc/ssh/ssh_host_${name}_key.pub`;
}

/** A key nobody vouches for. */
export function unknownKey(
  target: Target,
  listedAs: string,
  key: Buffer,
  authorities: KnownHost[],
): PostureError {
  const { files } = target.trust;
  const hint = [
    `Compare the fingerprint with the one the node itself shows (on its console): ${onNode(key)}`,
    `If they are equal, add this line to ${files[0] ?? "a known_hosts file"}:`,
    `  ${listedAs} ${keyType(key)} ${key.toString("base64")}`,
    `or, where there is no known_hosts (CI), set in pve-posture:nodes: {"${target.name}": {"hostKey": "${fingerprint(key)}"}}`,
    ...authorities.map(
      (a) =>
        `${a.file}:${a.line} names a certificate authority for the host; host certificates can't be verified here: add the line above beside it.`,
    ),
    ...target.trust.notes,
  ].join("\n");
  return new PostureError(
    "host-key-unknown",
    `${describeTarget(target)}: the host key is unknown: ${describeKey(key)}; consulted: ${files.join(", ") || "no file"}.`,
    hint,
  );
}

/** Another key than the one on record. */
export function changedKey(
  target: Target,
  listedAs: string,
  key: Buffer,
  entries: KnownHost[],
): PostureError {
  const known = entries.map((e) => `  known:  ${e.type} ${fingerprint(e.key)} (${e.file}:${e.line})`);
  return new PostureError(
    "host-key-changed",
    `${describeTarget(target)}: THE HOST KEY HAS CHANGED. Someone may be intercepting the connection, or the node was reinstalled.\n` +
      `${known.join("\n")}\n  shown:  ${describeKey(key)}`,
    `Don't go on before you know why. Compare on the node's console: ${onNode(key)}\n` +
      [
        `Only when that shows the same fingerprint, forget the old key: ssh-keygen -f ${entries[0]!.file} -R '${listedAs}'`,
        ...target.trust.notes,
      ].join("\n"),
  );
}

/** Another key than the pinned one. */
export function pinnedMismatch(target: Target, key: Buffer, pinned: string[]): PostureError {
  return new PostureError(
    "host-key-changed",
    `${describeTarget(target)}: THE HOST KEY ISN'T THE PINNED ONE. Someone may be intercepting the connection, or the node was reinstalled.\n` +
      `${pinned.map((print) => `  pinned: ${print} (hostKey in pve-posture:nodes)`).join("\n")}\n  shown:  ${describeKey(key)}`,
    `Compare on the node's console: ${onNode(key)}\n` +
      "If a key of another type is pinned, pin it as a whole line (`ssh-rsa AAAA…`), so that the node is asked for that type.",
  );
}

/** A key marked as fallen into wrong hands. */
export function revokedKey(target: Target, key: Buffer, where: string): PostureError {
  return new PostureError(
    "host-key-revoked",
    `${describeTarget(target)}: THE HOST KEY IS REVOKED by ${where}: ${describeKey(key)}.`,
    "Whoever has this key can pose as the node. Give the node a new host key; don't remove the mark.",
  );
}

/** An RSA key that is shorter than RequiredRSASize. */
export function shortKey(target: Target, key: Buffer): PostureError {
  return new PostureError(
    "host-key-changed",
    `${describeTarget(target)}: the host key has ${rsaBits(key)} bits, fewer than the ${target.trust.rsaBits} that RequiredRSASize wants: ${describeKey(key)}.`,
    "Give the node a longer key, or one of ed25519.",
  );
}

function describeKey(key: Buffer): string {
  return `${keyType(key) ?? "a key of no known type"} ${fingerprint(key)}`;
}
