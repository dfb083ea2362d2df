import { once } from "node:events";
import { connect, createServer } from "node:net";

/** One way of a connection: what comes in leaves later, in order, however much is under way. */
class Way {
  #waiting = [];
  #timer;

  constructor(to) {
    this.to = to;
  }

  /** @param {Buffer | undefined} data undefined: the end @param {number} due when it leaves */
  send(data, due) {
    this.#waiting.push({ data, due });
    if (!this.#timer) this.#leave();
  }

  #leave = () => {
    this.#timer = undefined;
    while (this.#waiting.length > 0 && this.#waiting[0].due <= performance.now()) {
      const { data } = this.#waiting.shift();
      if (data) this.to.write(data);
      else this.to.end();
    }
    if (this.#waiting.length > 0) this.#timer = setTimeout(this.#leave, this.#waiting[0].due - performance.now());
  };

  drop() {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }
}

/**
 * A TCP proxy on loopback that plays a far node: bytes are late by half of `latency` each way, a new connection takes
 * one whole round trip; bandwidth is not limited. Timers make a round trip up to 2 ms longer. It counts what passes.
 */
export class DelayingProxy {
  /** Milliseconds that are added to a round trip. */
  latency = 0;
  #server;
  #open = new Set();

  /** @param {number} target the port behind it */
  static async listen(target) {
    const proxy = new DelayingProxy();
    proxy.reset();
    proxy.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => proxy.#join(client, target));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Counts from zero. */
  reset() {
    /** `roundTrips`: how often bytes came from the node after some had come from the client, on the same connection. */
    this.counts = { connections: 0, roundTrips: 0, bytesToNode: 0, bytesFromNode: 0 };
  }

  async close() {
    this.#server.close();
    for (const end of this.#open) end();
  }

  #join(client, target) {
    const { counts, latency } = this;
    const opened = performance.now();
    counts.connections++;
    const node = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const [toNode, toClient] = [new Way(node), new Way(client)];
    const end = () => {
      this.#open.delete(end);
      for (const way of [toNode, toClient]) way.drop();
      for (const socket of [client, node]) socket.destroy();
    };
    this.#open.add(end);
    let closed = 0;
    for (const socket of [client, node]) socket.on("error", end).on("close", () => ++closed === 2 && end());

    let asking = false;
    client.on("data", (data) => {
      asking = true;
      counts.bytesToNode += data.length;
      toNode.send(data, later());
    });
    node.on("data", (data) => {
      if (asking) counts.roundTrips++;
      asking = false;
      counts.bytesFromNode += data.length;
      toClient.send(data, later());
    });
    // The handshake of TCP: before it is over neither side can have sent anything.
    const later = () => Math.max(performance.now(), opened + latency) + latency / 2;
    client.on("end", () => toNode.send(undefined, later()));
    node.on("end", () => toClient.send(undefined, later()));
  }
}
