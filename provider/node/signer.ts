import type { ParsedKey } from "ssh2";
import { signWith } from "./agent";
import type { Certificate } from "./certificate";
import { keyType } from "./known-hosts";
import { field, Reader } from "./ssh-format";

/** A key that can log in, wherever its private half is. */
export interface Signer {
  /** the public half, without a certificate */
  publicKey: Buffer;
  /** what the server is shown: the public half or a certificate of it */
  blob: Buffer;
  /** of the signatures, as the server is told */
  algorithm: string;
  /** the agent that is asked, for people */
  agent?: string;
  /** a signature with its algorithm's name before it, as SSH writes it */
  sign(data: Buffer): Promise<Buffer>;
}

/** Signs with a key that was read from a file or the settings. */
export function fileSigner(key: ParsedKey): Signer {
  const publicKey = key.getPublicSSH();
  const algorithm = algorithmOf(publicKey);
  return {
    publicKey,
    blob: publicKey,
    algorithm,
    sign: async (data) => {
      const signature = key.sign(data, key.type === "ssh-rsa" ? "sha512" : undefined) as Buffer | Error;
      if (signature instanceof Error) throw signature;
      return Buffer.concat([
        field(algorithm),
        field(key.type.startsWith("ecdsa-") ? fromDer(signature) : signature),
      ]);
    },
  };
}

/** Signs with a key that an agent holds: plain, certified, or of a security key. */
export function agentSigner(
  socket: string,
  blob: Buffer,
  publicKey: Buffer,
  timeoutMs: number,
  signal: AbortSignal,
): Signer {
  return {
    publicKey,
    blob,
    algorithm: algorithmOf(blob),
    agent: socket,
    sign: (data) => signWith(socket, blob, data, timeoutMs, signal),
  };
}

/** The same key, shown with a certificate. */
export function certified(signer: Signer, { blob }: Certificate): Signer {
  return { ...signer, blob, algorithm: algorithmOf(blob) };
}

/** The name of a key's signatures. RSA's own, ssh-rsa, is SHA-1: never used. */
function algorithmOf(blob: Buffer): string {
  return (keyType(blob) ?? "").replace(/^ssh-rsa(?=$|-cert)/, "rsa-sha2-512");
}

/** OpenSSL writes the two numbers of an ECDSA signature as DER, SSH as two fields. */
function fromDer(der: Buffer): Buffer {
  const body = new Reader(der.subarray(der[1]! & 0x80 ? 3 : 2));
  const number = () => field(body.bytes(body.bytes(2)[1]!));
  return Buffer.concat([number(), number()]);
}
