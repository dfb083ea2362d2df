/** The SSH side of an embedded node: loopback only, one key, commands only. */
import { timingSafeEqual } from "node:crypto";
import { createServer, type AddressInfo, type Server as NetServer, type Socket } from "node:net";
import { Server, utils, type AuthContext, type Connection, type ParsedKey } from "ssh2";
import { signalGroup, type Commands } from "./commands.js";

/** As sshd's MaxSessions: a client that opens more at once on one connection is refused. */
const maxSessions = 10;

/** What the server of an embedded node is made of. */
export interface ServerOptions {
  /** The host's private key, PEM. */
  hostKey: string;
  /** The one public key that may log in, as in authorized_keys. */
  clientKey: string;
  user: string;
  commands: Commands;
}

function parsed(key: string): ParsedKey {
  const result = utils.parseKey(key);
  if (result instanceof Error) throw result;
  return result;
}

function same(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A server that can stop listening and come back on the same port. */
export class SshServer {
  /** Connections that have logged in since the start. */
  connections = 0;
  /** Commands served since the start. */
  served = 0;
  private readonly ssh: Server;
  private readonly clientKey: ParsedKey;
  private readonly sockets = new Set<Socket>();
  private listener: NetServer | undefined;

  constructor(private readonly options: ServerOptions) {
    this.clientKey = parsed(options.clientKey);
    this.ssh = new Server({ hostKeys: [options.hostKey] }, (client) => this.serve(client));
  }

  /**
   * @param port 0 for any free one
   * @returns the port
   */
  async listen(port: number): Promise<number> {
    // Our own listener hands its sockets over, because cutting one off means knowing it.
    const listener = createServer((socket) => {
      this.sockets.add(socket);
      socket.setNoDelay(true); // small packets back and forth; waiting for more costs 40 ms each
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => {}); // the client hung up
      this.ssh.injectSocket(socket);
    });
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(port, "127.0.0.1", resolve);
    });
    this.listener = listener;
    return (listener.address() as AddressInfo).port;
  }

  /** Refuses new connections and cuts off those there are. */
  async close(): Promise<void> {
    const listener = this.listener;
    if (!listener) return;
    this.listener = undefined;
    const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(client: Connection): void {
    client.on("error", () => {}); // a broken connection is the client's to report
    client.on("authentication", (attempt) => this.authenticate(attempt));
    client.on("ready", () => {
      this.connections++;
      let sessions = 0;
      client.on("session", (accept, reject) => {
        if (sessions >= maxSessions) return void reject();
        sessions++;
        const session = accept();
        session.on("close", () => sessions--);
        session.on("env", (accept) => accept?.()); // sshd takes LANG and the like; nothing of it counts here
        session.once("exec", (accept, _reject, { command }) => {
          this.served++;
          const child = this.options.commands.run(command, accept());
          session.on("signal", (accept, _reject, { name }) => {
            accept?.();
            signalGroup(child, `SIG${name.replace(/^SIG/, "")}` as NodeJS.Signals);
          });
        });
      });
    });
  }

  private authenticate(attempt: AuthContext): void {
    if (attempt.method !== "publickey" || attempt.username !== this.options.user)
      return attempt.reject(["publickey"]);
    if (attempt.key.algo !== this.clientKey.type || !same(attempt.key.data, this.clientKey.getPublicSSH()))
      return attempt.reject(["publickey"]);
    // Without a signature the client only asks whether this key would do.
    if (attempt.signature === undefined) return attempt.accept();
    if (attempt.blob && this.clientKey.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true)
      return attempt.accept();
    return attempt.reject(["publickey"]);
  }
}
