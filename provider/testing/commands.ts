import { spawn, type ChildProcess } from "node:child_process";
import type { ServerChannel } from "ssh2";

/** Runs the commands of a server, and knows which still run. */
export class Commands {
  private readonly running = new Set<ChildProcess>();

  constructor(
    private readonly env: Record<string, string>,
    private readonly cwd: string,
  ) {}

  /** Runs `/bin/sh -c command` over a channel, as sshd does without a terminal. */
  run(command: string, channel: ServerChannel): ChildProcess {
    const child = spawn("/bin/sh", ["-c", command], {
      env: this.env,
      cwd: this.cwd,
      detached: true, // a group of its own, so that killing it reaches what the shell has started
    });
    this.running.add(child);
    for (const pipe of [child.stdin, child.stdout, child.stderr, channel, channel.stderr]) {
      pipe.on("error", () => {}); // the other side went away: the command finds out by EPIPE, the client knows
    }
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    // sshd sends no signal when the client is gone: it closes the pipes.
    channel.on("close", () => {
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
    });
    child.on("error", () => this.running.delete(child));
    child.on("exit", () => this.running.delete(child));
    child.on("close", (code, signal) => {
      if (!channel.writable) return;
      // The status has to travel behind the output and before the end: ssh2 doesn't queue it by itself.
      channel.write("", () =>
        channel.stderr.write("", () => {
          if (signal) channel.exit(signal.replace(/^SIG/, ""), false, "");
          else channel.exit(code !== null && code >= 0 ? code : 255); // negative: the shell could not be started
          channel.end();
        }),
      );
    });
    return child;
  }

  /** Kills whatever still runs, and waits until it is gone. */
  async kill(): Promise<void> {
    await Promise.all(
      [...this.running].map(
        (child) =>
          new Promise<void>((resolve) => {
            child.once("exit", () => resolve());
            signalGroup(child, "SIGKILL");
          }),
      ),
    );
  }
}

/** Sends a signal to a command and to what it has started. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It ended in the meantime.
  }
}
