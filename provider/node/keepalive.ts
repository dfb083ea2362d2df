import type { Client } from "ssh2";
import type { Target } from "./target";
import type { Wire } from "./wire";

/**
 * Asks the server for a sign of life, and destroys the connection when too many questions went unanswered.
 * ssh2's own keepalive has a timer that would keep the process alive.
 *
 * @returns the timer, to be cleared; undefined where none is wanted
 */
export function startKeepalive(
  client: Client,
  wire: Wire,
  { seconds, unanswered: most }: Target["keepalive"],
  onSilence: (error: Error) => void,
): NodeJS.Timeout | undefined {
  if (seconds === 0) return undefined;
  let unanswered = 0;
  let seen = wire.bytesRead;
  const timer = setInterval(() => {
    // Output of a command is a sign of life too, and an answer may wait behind megabytes of it.
    if (wire.bytesRead !== seen) unanswered = 0;
    seen = wire.bytesRead;
    if (++unanswered > most) {
      onSilence(new Error(`no sign of life for ${most * seconds} s`));
      client.destroy();
      wire.destroy();
      return;
    }
    try {
      // Any request that wants an answer does; this one, cancelling a forwarding that isn't, changes nothing.
      client.unforwardIn("", 0, () => (unanswered = 0));
    } catch {
      // ssh2's socket is closing: "close" follows
    }
  }, seconds * 1000);
  return timer.unref();
}
