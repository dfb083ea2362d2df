import { connect } from "node:net";
import { addAbortSignal } from "node:stream";
import { keyType } from "./known-hosts";
import { field, Reader } from "./ssh-format";

/** A key in an agent: of any type, certificates and security keys among them. */
export interface HeldKey {
  blob: Buffer;
  comment: string;
}

// draft-ietf-sshm-ssh-agent
const [REQUEST_IDENTITIES, IDENTITIES, SIGN_REQUEST, SIGNED] = [11, 12, 13, 14];
const RSA_SHA2_512 = 4;
const LONGEST = 1 << 20; // no agent's answer comes near

/**
 * Asks an agent which keys it holds.
 *
 * Not by ssh2's client of it, which drops every key that it can't verify with, and has no timer.
 */
export async function listKeys(socket: string, timeoutMs: number, signal: AbortSignal): Promise<HeldKey[]> {
  const answer = new Reader(
    await ask(socket, Buffer.from([REQUEST_IDENTITIES]), IDENTITIES, timeoutMs, signal),
  );
  return Array.from({ length: answer.uint32() }, () => ({
    blob: answer.string(),
    comment: answer.string().toString("utf8"),
  }));
}

/** Has an agent sign; the answer is a signature with its algorithm's name, as SSH writes it. */
export async function signWith(
  socket: string,
  blob: Buffer,
  data: Buffer,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const flags = Buffer.from([0, 0, 0, keyType(blob)?.startsWith("ssh-rsa") ? RSA_SHA2_512 : 0]);
  const request = Buffer.concat([Buffer.from([SIGN_REQUEST]), field(blob), field(data), flags]);
  return new Reader(await ask(socket, request, SIGNED, timeoutMs, signal)).string();
}

function ask(
  path: string,
  request: Buffer,
  expected: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const end = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const fail = (why: string) => end(() => reject(new Error(why)));
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    addAbortSignal(signal, socket);
    let data = Buffer.alloc(0);
    socket.on("error", (error) => fail(error.message));
    socket.on("close", () => fail("it hung up"));
    socket.on("data", (more: Buffer) => {
      data = Buffer.concat([data, more]);
      const length = data.length < 4 ? 0 : data.readUInt32BE();
      if (length > LONGEST) return fail("its answer isn't an agent's");
      if (length === 0 || data.length < 4 + length) return;
      const type = data[4];
      if (type !== expected) return fail("it refused");
      end(() => resolve(data.subarray(5, 4 + length)));
    });
    socket.write(field(request));
  });
}
