import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { PostureError } from "../errors";
import { describeTarget } from "./describe";
import { hungUp } from "./handshake";
import { ProxyCommand } from "./proxy-command";
import type { Proxy, Target } from "./target";

/** What leads out of this machine: a socket, or a ProxyCommand's streams. */
export type Wire = Duplex & Pick<Socket, "bytesRead"> & { ref(): unknown; unref(): unknown };

/**
 * Opens the way to a target that is reached from this machine.
 *
 * @throws PostureError `host-not-found`, `unreachable`
 */
export async function openWire(target: Target): Promise<Wire> {
  if (!target.proxy) return await openSocket(target);
  const proxy = startProxy(target, target.proxy);
  proxy.on("error", () => {}); // until ssh2 listens
  return proxy;
}

function startProxy(target: Target, proxy: Proxy): ProxyCommand {
  try {
    return new ProxyCommand(proxy);
  } catch (error) {
    // a command that is too long, or holds NUL, is refused before it is started
    const what = `${describeTarget(target)} can't be reached: the ProxyCommand (${proxy.where}) can't be started (${(error as Error).message}).`;
    throw new PostureError("unreachable", what, undefined, { cause: error });
  }
}

function openSocket(target: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { host, port, family, localAddress } = target;
    if (localAddress !== undefined && !isIP(localAddress)) {
      const what = `${describeTarget(target)} can't be reached: BindAddress "${localAddress}" is no IP address.`;
      return reject(new PostureError("invalid-settings", what, "Give the address of an interface of this machine."));
    }
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
  if (code === "ECONNRESET") return hungUp(target, "", error);
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
