import type { Duplex } from "node:stream";
import { Connection } from "./connection";
import { handshake } from "./handshake";
import { withRetries } from "./retry";
import type { Target } from "./target";
import { openWire } from "./wire";

/**
 * Logs in to a target, through its jump hosts or its ProxyCommand if it has any. Tries up to four times
 * where the failure may pass (the server hangs up before it greets); never after a refused key or host key.
 *
 * @throws PostureError `host-not-found`, `unreachable`, `host-key-…`, `auth-failed`, `invalid-settings`
 */
export async function connect(target: Target): Promise<Connection> {
  if (!target.via) {
    return await withRetries(async () => {
      const wire = await openWire(target);
      return new Connection(await overStream(wire, target), target, wire);
    });
  }
  const base = await connect(target.via);
  base.hold(); // an idle hop mustn't let the process end under a login that goes through it
  try {
    return await withRetries(async () => {
      const stream = await base.forward(target.host, target.port);
      return new Connection(await overStream(stream, target), target, base.wire, base);
    });
  } catch (error) {
    await base.close();
    throw error;
  } finally {
    base.release();
  }
}

async function overStream(stream: Duplex, target: Target) {
  try {
    return await handshake(stream, target);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
