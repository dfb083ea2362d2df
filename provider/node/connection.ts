import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Semaphore } from "async-mutex";
import type { Client, ClientChannel } from "ssh2";
import { PostureError } from "../errors";
import { describeTarget } from "./describe";
import { startKeepalive } from "./keepalive";
import { Passing, withRetries } from "./retry";
import { collect, type ExecResult } from "./session";
import type { Target } from "./target";

const SESSIONS = 8; // of the 10 that sshd allows on a connection by default (MaxSessions)

/** How long a command may run. */
export const defaultTimeoutMs = 120_000;

class NoSession extends PostureError {}

/** One login. While no command runs on it, it doesn't keep the process alive. */
export class Connection {
  private readonly sessions = new Semaphore(SESSIONS);
  private readonly pending = new Set<(error: Error) => void>();
  private readonly closed: Promise<void>;
  private gone = false;
  private cause?: Error;
  private holders = 0;
  private limit = SESSIONS;
  private keepalive?: NodeJS.Timeout;

  /**
   * @param socket the one that leads out of this machine: with jump hosts, the first hop's
   * @param base the connection this one goes through
   */
  constructor(
    private readonly client: Client,
    readonly target: Target,
    readonly socket: Socket,
    private readonly base?: Connection,
    private readonly keepaliveMs = 15_000,
  ) {
    client.on("error", (error) => (this.cause ??= error));
    this.closed = new Promise((resolve) => {
      client.on("close", () => {
        this.gone = true;
        for (const reject of this.pending) reject(this.lostError());
        this.pending.clear();
        clearInterval(this.keepalive);
        void this.base?.close();
        resolve();
      });
    });
    // The socket may have died between the login and here, where nobody listened.
    if (socket.destroyed) this.gone = true;
    else if (this.holders === 0) socket.unref();
  }

  /** Whether no further command can run on it. */
  get lost(): boolean {
    return this.gone;
  }

  /** Calls back once it is closed or lost, at once if it is. */
  onClose(callback: () => void): void {
    if (this.gone) callback();
    else void this.closed.then(callback);
  }

  /** Keeps the process alive, and the connection checked, until {@link release}. */
  hold(): void {
    if (this.holders++ > 0 || this.gone) return;
    this.socket.ref();
    this.keepalive = startKeepalive(
      this.client,
      this.socket,
      this.keepaliveMs,
      (error) => (this.cause ??= error),
    );
  }

  release(): void {
    if (--this.holders > 0) return;
    this.socket.unref();
    clearInterval(this.keepalive);
  }

  /**
   * Runs a command; at most eight at once, the others wait.
   *
   * @throws PostureError `timeout`, `unreachable` (the connection was lost while it ran), `not-permitted`
   */
  async exec(command: string, stdin: Buffer, timeoutMs = defaultTimeoutMs, onStderr?: (data: Buffer) => void): Promise<ExecResult> {
    this.hold();
    try {
      for (;;) {
        const [, release] = await this.sessions.acquire();
        try {
          const result = await withRetries(() => this.session(command, stdin, timeoutMs, onStderr), 100);
          release();
          return result;
        } catch (error) {
          // A server that allows fewer sessions than we open: keep the place taken from now on, and queue again.
          if (error instanceof NoSession && this.limit > 1) this.limit--;
          else {
            release();
            throw error;
          }
        }
      }
    } finally {
      this.release();
    }
  }

  /** Opens a stream from the far side to a host there, for the next hop. */
  async forward(host: string, port: number): Promise<Duplex> {
    return await this.guarded((resolve, reject) => {
      this.client.forwardOut("127.0.0.1", 0, host, port, (error, stream) => {
        if (!error) return resolve(stream);
        const prohibited = (error as { reason?: number }).reason === 1;
        const hint = prohibited
          ? "Its sshd doesn't forward: AllowTcpForwarding, PermitOpen."
          : "The name and the port are looked up from there.";
        reject(
          new PostureError(
            "unreachable",
            `${describeTarget(this.target)} doesn't get through to ${host}:${port} (${error.message}).`,
            hint,
          ),
        );
      });
    });
  }

  /** Ends the connection and those it goes through; commands that run on it fail. */
  async close(): Promise<void> {
    if (this.gone) return;
    this.cause ??= new Error("closed on our side");
    this.socket.ref(); // or the process might end before the far side has heard of it
    this.client.end();
    const deadline = setTimeout(() => this.client.destroy(), 1_000);
    await this.closed;
    clearTimeout(deadline);
    await this.base?.close();
  }

  private session(command: string, stdin: Buffer, timeoutMs: number, onStderr?: (data: Buffer) => void): Promise<ExecResult> {
    return this.guarded((resolve, reject) => {
      let channel: ClientChannel | undefined;
      const timer = setTimeout(() => {
        channel?.close();
        reject(
          new PostureError(
            "timeout",
            `${describeTarget(this.target)}: a command still ran after ${timeoutMs / 1000} s, and was given up.`,
            "It may go on running on the node; see there before you try again.",
          ),
        );
      }, timeoutMs);
      const settle = (act: () => void) => {
        clearTimeout(timer);
        act();
      };
      this.client.exec(command, (error, opened) => {
        if (error) return settle(() => reject(this.openError(error)));
        channel = opened;
        const ended = (result: ExecResult | undefined) =>
          settle(() => (result ? resolve(result) : reject(this.lostError("a command's session was cut off"))));
        collect(opened, stdin, ended, onStderr);
      });
      return () => clearTimeout(timer);
    });
  }

  /** A promise that also fails when the connection is lost meanwhile. */
  private guarded<T>(
    start: (resolve: (value: T) => void, reject: (error: Error) => void) => (() => void) | void,
  ): Promise<T> {
    let undo: (() => void) | void;
    let onLoss: (error: Error) => void = () => {};
    return new Promise<T>((resolve, reject) => {
      if (this.gone) return reject(this.lostError());
      onLoss = reject;
      this.pending.add(onLoss);
      try {
        undo = start(resolve, reject);
      } catch {
        reject(this.lostError()); // ssh2 throws when its socket is closing
      }
    }).finally(() => {
      this.pending.delete(onLoss);
      undo?.();
    });
  }

  private openError(error: Error): Error {
    if (this.gone) return this.lostError();
    if ("reason" in error) {
      return new Passing(
        new NoSession(
          "unreachable",
          `${describeTarget(this.target)} opens no session (${error.message}).`,
          "Its sshd allows too few: MaxSessions.",
        ),
      );
    }
    return new PostureError(
      "not-permitted",
      `${describeTarget(this.target)} runs no commands for ${this.target.user} (${error.message}).`,
    );
  }

  private lostError(what = "the connection was lost while a command was running"): PostureError {
    const why = this.cause ? ` (${this.cause.message})` : "";
    return new PostureError(
      "unreachable",
      `${describeTarget(this.target)}: ${what}${why}.`,
      "Whether the command was completed is unknown: `pulumi refresh` shows what the node has now.",
      { cause: this.cause },
    );
  }
}
