import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { Duplex } from "node:stream";
import type { Proxy } from "./target";

// What is left of a program after it was told to go, or has closed its output, hangs.
const GRACE_MS = 1_000;
const LAST_WORDS_MS = 200;
const MOST_SAID = 2_000;

/** How a ProxyCommand ended that was still needed. */
export class ProxyEnded extends Error {
  constructor(
    message: string,
    /** it went of itself without a word: another time it may get through */
    readonly quiet: boolean,
  ) {
    super(message);
  }
}

// They mustn't outlive our process, which may end while a connection is idle.
const running = new Set<ProxyCommand>();
const endAll = () => running.forEach((proxy) => proxy.kill("SIGTERM"));
function remember(proxy: ProxyCommand): void {
  if (running.add(proxy).size === 1) process.on("exit", endAll);
}
function forget(proxy: ProxyCommand): void {
  if (running.delete(proxy) && running.size === 0) process.off("exit", endAll);
}

/** The standard streams of a ProxyCommand, as a connection. Once unref()ed it keeps no process alive. */
export class ProxyCommand extends Duplex {
  bytesRead = 0;
  private readonly child: ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable };
  private said = "";
  private ended?: string;

  constructor(private readonly proxy: Proxy) {
    super();
    // As ssh: the shell makes way for the program. In a group of its own, so that what it starts ends with it.
    const child = spawn(proxy.shell, ["-c", `exec ${proxy.command}`], { stdio: "pipe", detached: true });
    this.child = child;
    remember(this);
    child.stdout.on("data", (data: Buffer) => {
      this.bytesRead += data.length;
      if (!this.push(data)) child.stdout.pause();
    });
    child.stdout.on("end", () => setTimeout(() => this.over(), LAST_WORDS_MS));
    child.stderr.on("data", (data: Buffer) => (this.said = (this.said + data.toString()).slice(-MOST_SAID)));
    for (const stream of child.stdio) stream?.on("error", () => {}); // its end tells all
    child.on("error", (error) => {
      forget(this);
      this.over(`couldn't be started (${error.message})`);
    });
    child.on("exit", (code, signal) => {
      this.ended = signal ? `was ended by ${signal}` : `ended with ${code}`;
      this.signal("SIGTERM"); // what it has started and left behind
      forget(this);
    });
    child.on("close", () => this.over());
  }

  ref(): void {
    for (const part of this.parts()) part.ref();
  }
  unref(): void {
    for (const part of this.parts()) part.unref();
  }

  /** What became of it so far, for people. */
  report(): string {
    const said = this.said.trim();
    return `the ProxyCommand (${this.proxy.where}) ${this.ended ?? "is still running"} and said${said ? `: ${said}` : " nothing"}`;
  }

  /** Ends it and what it has started. */
  kill(signal: NodeJS.Signals): void {
    if (this.child.exitCode === null && this.child.signalCode === null) this.signal(signal);
  }

  override _read(): void {
    this.child.stdout.resume();
  }
  override _write(data: Buffer, _encoding: string, done: () => void): void {
    // Where it reads no more, its end is what to report.
    this.child.stdin.write(data, () => done());
  }
  override _final(done: () => void): void {
    this.child.stdin.end(() => done());
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.kill("SIGTERM");
    setTimeout(() => this.kill("SIGKILL"), GRACE_MS).unref();
    for (const stream of this.child.stdio) stream?.destroy();
    done(error);
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal); // the group
    } catch {
      // nobody is left in it
    }
  }

  private parts() {
    return [this.child, ...this.child.stdio] as unknown as { ref(): void; unref(): void }[];
  }

  private over(failed?: string): void {
    if (this.destroyed) return;
    const quiet = this.ended !== undefined && this.said.trim() === "";
    this.ended ??= failed;
    this.destroy(new ProxyEnded(this.report(), quiet));
  }
}
