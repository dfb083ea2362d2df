import type { Duplex } from "node:stream";
import { Semaphore, withTimeout } from "async-mutex";
import type { Client, ClientChannel } from "ssh2";
import { PostureError } from "../errors";
import { describeTarget } from "./describe";
import { startKeepalive } from "./keepalive";
import { Passing, withRetries } from "./retry";
import { collect, type ExecResult } from "./session";
import { defaultTimeoutSeconds } from "./settings";
import type { Target } from "./target";
import type { Wire } from "./wire";

const SESSIONS = 8; // of the 10 that sshd allows on a connection by default (MaxSessions)

/** How long a command may run. */
export const defaultTimeoutMs = defaultTimeoutSeconds * 1000;

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
  /** sessions that are open, and that were opened so far */
  private running = 0;
  private served = 0;
  private keepalive?: NodeJS.Timeout;

  /**
   * @param wire what leads out of this machine: with jump hosts, the first hop's
   * @param base the connection this one goes through
   */
  constructor(
    private readonly client: Client,
    readonly target: Target,
    readonly wire: Wire,
    private readonly base?: Connection,
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
    // The wire may have died between the login and here, where nobody listened.
    if (wire.destroyed) this.gone = true;
    else if (this.holders === 0) wire.unref();
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
    this.wire.ref();
    this.keepalive = startKeepalive(
      this.client,
      this.wire,
      this.target.keepalive,
      (error) => (this.cause ??= error),
    );
  }

  release(): void {
    if (--this.holders > 0) return;
    this.wire.unref();
    clearInterval(this.keepalive);
  }

  /**
   * Runs a command; at most eight at once, the others wait.
   *
   * @throws PostureError `timeout`, `unreachable` (the connection was lost while it ran), `not-permitted`
   */
  async exec(
    command: string,
    stdin: Buffer,
    timeoutMs = defaultTimeoutMs,
    onStderr?: (data: Buffer) => void,
  ): Promise<ExecResult> {
    this.hold();
    try {
      for (;;) {
        const [, release] = await withTimeout(this.sessions, timeoutMs, this.noneFree(timeoutMs)).acquire();
        const { served } = this;
        try {
          const result = await withRetries(() => this.session(command, stdin, timeoutMs, onStderr), 100);
          release();
          return result;
        } catch (error) {
          // A server that allows fewer sessions than we open: keep the place taken from now on, and queue again.
          const others = this.running > 0 || this.served !== served;
          if (error instanceof NoSession && others && this.limit > 1) this.limit--;
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

  private noneFree(timeoutMs: number): PostureError {
    return new PostureError(
      "timeout",
      `${describeTarget(this.target)}: no session became free within ${timeoutMs / 1000} s; others of this update are at work there.`,
      "Nothing was done. Run it again, or raise pve-posture:timeoutSeconds.",
    );
  }

  /**
   * Opens a stream from the far side to a host there, for the next hop.
   *
   * @throws PostureError `unreachable`
   */
  async forward(host: string, port: number): Promise<Duplex> {
    const failure = (why: string, hint: string) =>
      new PostureError(
        "unreachable",
        `${describeTarget(this.target)} doesn't get through to ${host}:${port} (${why}).`,
        hint,
      );
    return await this.guarded((resolve, reject) => {
      let late = false;
      const seconds = this.target.connectTimeoutSeconds;
      const timer = setTimeout(
        () =>
          reject(
            failure(
              `no answer within ${seconds} s`,
              "Is that host up, as seen from there, and does a firewall drop the packets?",
            ),
          ),
        seconds * 1000,
      );
      this.client.forwardOut("127.0.0.1", 0, host, port, (error, stream) => {
        if (late) return stream?.close();
        if (!error) {
          stream.once("end", () => stream.end()); // as a socket does: a half that is left open would never close
          return resolve(stream);
        }
        const prohibited = (error as { reason?: number }).reason === 1;
        const hint = prohibited
          ? "Its sshd doesn't forward: AllowTcpForwarding, PermitOpen."
          : "The name and the port are looked up from there.";
        reject(failure(error.message, hint));
      });
      return () => {
        late = true;
        clearTimeout(timer);
      };
    });
  }

  /** Ends the connection and those it goes through; commands that run on it fail. */
  async close(): Promise<void> {
    if (this.gone) return;
    this.cause ??= new Error("closed on our side");
    this.wire.ref(); // or the process might end before the far side has heard of it
    this.client.end();
    // A far side that doesn't answer is left at once, and so are the hops before it: a stream through them ends with them.
    const deadline = setTimeout(() => {
      this.client.destroy();
      this.wire.destroy();
    }, 1_000);
    await this.closed;
    clearTimeout(deadline);
    await this.base?.close();
  }

  private session(
    command: string,
    stdin: Buffer,
    timeoutMs: number,
    onStderr?: (data: Buffer) => void,
  ): Promise<ExecResult> {
    return this.guarded((resolve, reject) => {
      let channel: ClientChannel | undefined;
      let settled = false;
      const give = (after: number, what: string, hint: string) =>
        setTimeout(() => {
          channel?.close();
          reject(
            new PostureError(
              "timeout",
              `${describeTarget(this.target)}: ${what} after ${after / 1000} s, and was given up.`,
              hint,
            ),
          );
        }, after);
      const timer = give(
        timeoutMs,
        "a command still ran",
        "It may go on running on the node; see there before you try again.",
      );
      // To start a shell takes a busy node longer than to answer.
      const openMs = 3000 * this.target.connectTimeoutSeconds;
      const opening = give(
        openMs,
        "a session still wasn't open",
        "The SSH server takes logins but starts nothing: is the node out of memory or processes?",
      );
      this.client.exec(command, (error, opened) => {
        clearTimeout(opening);
        if (settled) return opened?.close();
        if (error) return reject(this.openError(error));
        channel = opened;
        this.running++;
        this.served++;
        const ended = (result: ExecResult | undefined) =>
          result ? resolve(result) : reject(this.lostError("a command's session was cut off"));
        collect(opened, stdin, ended, onStderr);
      });
      return () => {
        settled = true;
        if (channel) this.running--;
        clearTimeout(timer);
        clearTimeout(opening);
      };
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
