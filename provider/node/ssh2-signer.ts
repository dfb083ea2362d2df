import { BaseAgent, utils, type Client, type ParsedKey } from "ssh2";
import type { Signer } from "./signer";
import { field, Reader } from "./ssh-format";

/** What of ssh2 isn't public: how it makes a packet, and what it does with a refusal. */
interface Inner {
  _protocol?: {
    _handlers?: { USERAUTH_FAILURE?: (protocol: unknown, left: string[], partial: boolean) => void };
    _packetRW?: {
      write?: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer };
    };
  };
}

/**
 * A signer as ssh2 takes keys: as an agent with this key alone.
 *
 * ssh2 knows no certificates and no keys of security keys, but sends whatever blob and name a key has; only
 * that it writes the name of the key's algorithm before the signature too, where SSH wants the plain one.
 */
export class SignerAgent extends BaseAgent<ParsedKey> {
  /** whether the signer has been asked and hasn't answered */
  signing = false;
  constructor(
    readonly signer: Signer,
    private readonly client: Client,
  ) {
    super();
  }

  override getIdentities(callback: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    const { algorithm, blob } = this.signer;
    callback(undefined, [carrier(algorithm, blob)]);
  }

  override sign(_key: unknown, data: Buffer, ...rest: unknown[]): void {
    const callback = rest.at(-1) as (error: Error | null, signature?: Buffer) => void;
    this.signing = true;
    void this.signer
      .sign(data)
      .finally(() => (this.signing = false))
      .then(
        (signature) => this.send(signature, callback),
        (error: Error) => callback(error),
      );
  }

  private send(signature: Buffer, callback: (error: Error | null, signature?: Buffer) => void): void {
    const parts = new Reader(signature);
    const plain = parts.string().toString("latin1") === this.signer.algorithm;
    const bytes = parts.string();
    if (plain && parts.done) return callback(null, bytes);
    const write = (this.client as unknown as Inner)._protocol?._packetRW?.write;
    if (!write) return callback(new Error("this version of ssh2 can't be made to send it"));
    const finalize = write.finalize.bind(write);
    write.finalize = (packet) => {
      const payload = packet.subarray(write.allocStart);
      const request = new Reader(payload);
      request.bytes(1);
      for (let i = 0; i < 3; i++) request.string(); // user, service, method
      request.bytes(1);
      for (let i = 0; i < 2; i++) request.string(); // algorithm, public key; the signature follows
      const mended = Buffer.concat([payload.subarray(0, request.offset), field(signature)]);
      const fresh = write.alloc(mended.length);
      fresh.set(mended, write.allocStart);
      return finalize(fresh);
    };
    try {
      callback(null, Buffer.alloc(0)); // makes and sends the packet before it returns
    } finally {
      delete (write as Partial<typeof write>).finalize; // back to the class's own
    }
  }
}

// What ssh2 takes for a parsed key must descend from one; this one's own parts are never looked at.
const ANY_KEY = utils.parseKey(
  `ssh-ed25519 ${Buffer.concat([field("ssh-ed25519"), field(Buffer.alloc(32))]).toString("base64")}`,
);

function carrier(algorithm: string, blob: Buffer): ParsedKey {
  return Object.create(ANY_KEY as ParsedKey, {
    type: { value: algorithm },
    getPublicSSH: { value: () => blob },
  }) as ParsedKey;
}

/** Calls back for every refusal of the server: ssh2 doesn't pass on what it still takes after an agent's key. */
export function onRefusal(client: Client, callback: (left: string[], partial: boolean) => void): void {
  const handlers = (client as unknown as Inner)._protocol?._handlers;
  const handler = handlers?.USERAUTH_FAILURE;
  if (!handlers || !handler) return;
  handlers.USERAUTH_FAILURE = (protocol, left, partial) => {
    callback(left, partial);
    handler(protocol, left, partial);
  };
}
