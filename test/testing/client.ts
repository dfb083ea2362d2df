import { Client } from "ssh2";
import type { EmbeddedNode } from "../../provider/testing/index.js";

export interface Outcome {
  code: number | null;
  signal: string | undefined;
  stdout: Buffer;
  stderr: string;
}

/** A connection to an embedded node. */
export async function connect(node: EmbeddedNode, overrides: object = {}): Promise<Client> {
  const client = new Client().on("error", () => {}); // being cut off is part of some tests
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve).once("error", reject);
    const { host, port, user, privateKey } = node.settings;
    client.connect({ host, port, username: user, privateKey, ...overrides });
  });
  return client;
}

/** Runs a command and waits for its end. */
export function exec(client: Client, command: string, stdin: string | Buffer = ""): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      let code: number | null = null;
      let signal: string | undefined;
      channel.on("data", (chunk: Buffer) => out.push(chunk));
      channel.stderr.on("data", (chunk: Buffer) => err.push(chunk));
      channel.on("exit", (status: number | null, name?: string) => {
        code = status;
        signal = name;
      });
      channel.on("close", () =>
        resolve({ code, signal, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
      );
      channel.end(stdin);
    });
  });
}

/** Starts nothing but a connection, runs one command, and hangs up. */
export async function once(node: EmbeddedNode, command: string, stdin?: string | Buffer): Promise<Outcome> {
  const client = await connect(node);
  try {
    return await exec(client, command, stdin);
  } finally {
    client.end();
  }
}
