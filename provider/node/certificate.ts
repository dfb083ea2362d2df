import { field, Reader } from "./ssh-format";
import { keyType } from "./known-hosts";

/** A certificate for users, taken apart as far as logging in needs it; the server is who verifies it. */
export interface Certificate {
  /** as it is shown to the server */
  blob: Buffer;
  /** the public key that it certifies */
  publicKey: Buffer;
  keyId: string;
  principals: string[];
  /** in seconds since 1970 */
  validFrom: bigint;
  validUntil: bigint;
}

const SUFFIX = "-cert-v01@openssh.com";
const USER = 1;
// How many fields the public key of a type has between the nonce and the serial number.
const FIELDS: Record<string, number> = {
  "ssh-ed25519": 1,
  "ssh-rsa": 2,
  "ecdsa-sha2-nistp256": 2,
  "ecdsa-sha2-nistp384": 2,
  "ecdsa-sha2-nistp521": 2,
  "sk-ssh-ed25519": 2,
  "sk-ecdsa-sha2-nistp256": 3,
};

/** Whether a public key is a certificate, by its name. */
export function isCertificate(blob: Buffer): boolean {
  return keyType(blob)?.endsWith(SUFFIX) ?? false;
}

/** Takes a certificate apart (PROTOCOL.certkeys of OpenSSH); undefined when it is none for users. */
export function parseCertificate(blob: Buffer): Certificate | undefined {
  try {
    const reader = new Reader(blob);
    const base = reader.string().toString("latin1").replace(SUFFIX, "");
    const count = FIELDS[base];
    if (!isCertificate(blob) || count === undefined) return undefined;
    reader.string(); // nonce
    const from = reader.offset;
    for (let i = 0; i < count; i++) reader.string();
    const key = blob.subarray(from, reader.offset);
    reader.uint64(); // serial number
    if (reader.uint32() !== USER) return undefined;
    const keyId = reader.string().toString("utf8");
    const names = new Reader(reader.string());
    const principals: string[] = [];
    while (!names.done) principals.push(names.string().toString("utf8"));
    const name = base.startsWith("sk-") ? `${base}@openssh.com` : base;
    return {
      blob,
      publicKey: Buffer.concat([field(name), key]),
      keyId,
      principals,
      validFrom: reader.uint64(),
      validUntil: reader.uint64(),
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Why a server may refuse a certificate, as far as it shows: servers don't say. */
export function doubts(
  { principals, validFrom, validUntil }: Certificate,
  user: string,
  now = Date.now(),
): string[] {
  const seconds = BigInt(Math.floor(now / 1000));
  const day = (at: bigint) => new Date(Number(at) * 1000).toISOString();
  return [
    ...(validUntil <= seconds ? [`it expired at ${day(validUntil)}`] : []),
    ...(validFrom > seconds ? [`it isn't valid before ${day(validFrom)}`] : []),
    ...(principals.length > 0 && !principals.includes(user)
      ? [`it is for ${principals.join(", ")}, not for ${user}`]
      : []),
  ];
}
