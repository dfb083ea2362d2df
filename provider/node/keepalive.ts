import type { Socket } from "node:net";
import type { Client } from "ssh2";

const UNANSWERED = 3;

/**
 * Asks the server for a sign of life, and destroys the connection when three questions went unanswered.
 * ssh2's own keepalive has a timer that would keep the process alive.
 *
 * @returns the timer, to be cleared
 */
export function startKeepalive(
  client: Client,
  socket: Socket,
  intervalMs: number,
  onSilence: (error: Error) => void,
): NodeJS.Timeout {
  let unanswered = 0;
  let seen = socket.bytesRead;
  const timer = setInterval(() => {
    // Output of a command is a sign of life too, and an answer may wait behind megabytes of it.
    if (socket.bytesRead !== seen) unanswered = 0;
    seen = socket.bytesRead;
    if (++unanswered > UNANSWERED) {
      onSilence(new Error(`no sign of life for ${(UNANSWERED * intervalMs) / 1000} s`));
      client.destroy();
      socket.destroy();
      return;
    }
    try {
      // Any request that wants an answer does; this one, cancelling a forwarding that isn't, changes nothing.
      client.unforwardIn("", 0, () => (unanswered = 0));
    } catch {
      // ssh2's socket is closing: "close" follows
    }
  }, intervalMs);
  return timer.unref();
}
