import { connect as connectTcp, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { PostureError } from "../errors";
import { Connection } from "./connection";
import { describeTarget } from "./describe";
import { handshake, hungUp } from "./handshake";
import { Passing, withRetries } from "./retry";
import type { Target } from "./target";

/**
 * Logs in to a target, through its jump hosts if it has any. Tries up to three times where the
 * failure may pass (the server hangs up before it greets); never after a refused key or host key.
 *
 * @throws PostureError `host-not-found`, `unreachable`, `host-key-…`, `auth-failed`, `invalid-settings`
 */
export async function connect(target: Target): Promise<Connection> {
  if (!target.via) {
    return await withRetries(async () => {
      const socket = await openSocket(target);
      return new Connection(await overStream(socket, target), target, socket);
    });
  }
  const base = await connect(target.via);
  base.hold(); // an idle hop mustn't let the process end under a login that goes through it
  try {
    return await withRetries(async () => {
      const stream = await base.forward(target.host, target.port);
      return new Connection(await overStream(stream, target), target, base.socket, base);
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

function openSocket(target: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { host, port, family, localAddress } = target;
    const socket = connectTcp({ host, port, family, localAddress, noDelay: true });
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      const what = `${describeTarget(target)} can't be reached: no answer within ${target.connectTimeoutSeconds} s.`;
      fail(new PostureError("unreachable", what, "Is the node up, and does a firewall drop the packets?"));
    }, target.connectTimeoutSeconds * 1000);
    socket.once("error", (error: NodeJS.ErrnoException) => fail(socketError(target, error)));
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      // Until ssh2 listens, a reset would otherwise end the process.
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

function socketError(target: Target, error: NodeJS.ErrnoException): Error {
  const { code = "" } = error;
  if (["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "EAI_FAIL"].includes(code)) {
    return new PostureError(
      "host-not-found",
      `${describeTarget(target)} can't be found: there is no address for ${target.host} (${code}); the name is ${target.hostFrom}.`,
      code === "EAI_AGAIN"
        ? "The name server didn't answer: is this machine online?"
        : "Correct the name, or give an address: `host` in pve-posture:nodes, or HostName in ~/.ssh/config.",
      { cause: error },
    );
  }
  if (code === "ECONNRESET") return new Passing(hungUp(target, error));
  const refused = code === "ECONNREFUSED";
  // With several addresses, node wraps their errors into one without a message.
  const why = refused ? "the connection is refused" : error.message || code;
  return new PostureError(
    "unreachable",
    `${describeTarget(target)} can't be reached: ${why}.`,
    refused ? `Does an SSH server listen on port ${target.port}?` : undefined,
    { cause: error },
  );
}
