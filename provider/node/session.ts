import type { ClientChannel } from "ssh2";

/** What a command left behind. */
export interface ExecResult {
  /** null when a signal ended it */
  code: number | null;
  signal?: string;
  stdout: Buffer;
  stderr: Buffer;
}

/** Feeds a session and waits until it has said everything; undefined when it ended without a status. */
export function collect(
  channel: ClientChannel,
  stdin: Buffer,
  done: (result: ExecResult | undefined) => void,
  onStderr: (data: Buffer) => void = () => {},
): void {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let status: { code: number | null; signal?: string } | undefined;
  let open = 2; // stderr may end after the channel has closed
  const ended = () => {
    if (--open > 0) return;
    done(status && { ...status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
  };
  channel.on(
    "exit",
    (code: number | null, signal?: string) => (status = signal ? { code, signal } : { code }),
  );
  channel.on("data", (data: Buffer) => stdout.push(data));
  channel.stderr.on("data", (data: Buffer) => {
    stderr.push(data);
    onStderr(data);
  });
  channel.stderr.once("end", ended);
  channel.once("close", ended);
  // A command that doesn't read its input to the end is no failure; its exit code tells.
  channel.on("error", () => {});
  channel.end(stdin);
}
