import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, type AddressInfo, type Server as TcpServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { Server, type Connection as ServerConnection } from "ssh2";
import type { ErrorCode } from "../../provider/errors";
import { fingerprint } from "../../provider/node/known-hosts";
import type { NodePool } from "../../provider/node/pool";
import type { NodeSettings } from "../../provider/node/settings";
import { field, Reader } from "../../provider/node/ssh-format";
import { startSshd, type Sshd } from "../support/sshd";
import { alone, Bench, fails, NOTHING, publicLine } from "../support/ssh";

describe("stages of a connection", () => {
  const bench = new Bench();
  const hostKey = bench.key();
  let sshd: Sshd;
  before(async function () {
    const started = await startSshd();
    if (!started) return this.skip();
    sshd = started;
  });
  after(() => sshd?.close());

  const poolFor = (own: NodeSettings, config?: string) =>
    bench.pool(bench.settings({ n: { ...alone(sshd), ...own } }, config, 1));
  const blobOf = (line: string) => Buffer.from(line.split(" ")[1]!, "base64");

  /** ssh2's server, which lets all in and then does nothing that isn't said. */
  async function idle(onConnection: (connection: ServerConnection) => void): Promise<NodeSettings> {
    const server = new Server({ hostKeys: [readFileSync(hostKey)] }, (connection) => {
      connection.on("error", () => {});
      onConnection(connection);
    });
    server.listen(0, "127.0.0.1");
    bench.later(() => server.close());
    await once(server as unknown as TcpServer, "listening");
    return {
      port: (server.address() as AddressInfo).port,
      hostKey: fingerprint(blobOf(publicLine(hostKey))),
    };
  }
  const open = (connection: ServerConnection) =>
    connection.on("authentication", (context) => context.accept());

  /** An agent that holds the key that is let in, and answers a request for a signature like this. */
  async function agent(
    answer: (reply: (type: number, ...parts: Buffer[]) => void) => void,
    listed = true,
  ): Promise<string> {
    const socket = join(bench.dir, `agent-${Math.random()}`);
    await bench.listen((client) => {
      const reply = (type: number, ...parts: Buffer[]) =>
        client.write(field(Buffer.concat([Buffer.from([type]), ...parts])));
      client.on("data", (request) => {
        const list = new Reader(new Reader(request).string()).bytes(1)[0] === 11;
        if (!list) answer(reply);
        else if (listed)
          reply(12, Buffer.from([0, 0, 0, 1]), field(blobOf(publicLine(sshd.privateKeyFile))), field("slow"));
      });
    }, socket);
    return socket;
  }

  describe("what hangs ends by itself, and is named", () => {
    /** Ways to hang with a limit of one second, and what is said of it. */
    const cases: Record<
      string,
      () => Promise<[pool: NodePool, code: ErrorCode, ...says: (string | RegExp)[]]>
    > = {
      TCP: async () => {
        // A queue of one that nobody serves: whoever comes later gets no answer.
        const program = `use IO::Socket::INET; $| = 1; my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die; print $s->sockport, "\\n"; sleep 60`;
        const full = spawn("perl", ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
        bench.later(() => full.kill());
        const [line] = (await once(full.stdout, "data")) as [Buffer];
        const port = Number(line);
        for (let i = 0; i < 3; i++) {
          const filler = connectTcp(port, "127.0.0.1").on("error", () => {});
          bench.later(() => filler.destroy());
        }
        await delay(100);
        return [poolFor({ port }), "unreachable", "can't be reached: no answer within 1 s"];
      },
      "the greeting": async () => [
        poolFor({ port: await bench.listen(() => {}) }),
        "unreachable",
        "waited 1 s for the SSH server to greet.",
      ],
      "the key exchange": async () => [
        poolFor({ port: (await bench.proxy(sshd.port, 100)).port }),
        "unreachable",
        "waited 1 s for the key exchange",
      ],
      "the login": async () => [
        poolFor(await idle((c) => c.on("authentication", () => {}))),
        "unreachable",
        "waited 1 s for the login to complete",
      ],
      "an agent that should sign": async () => {
        const socket = await agent(() => {});
        const waited = `waited 1 s for the agent at ${socket} to sign with the agent's key slow`;
        return [poolFor({ privateKey: undefined, agent: socket }), "unreachable", waited, "touch"];
      },
      "an agent that should list its keys": async () => {
        const socket = await agent(() => {}, false);
        return [
          poolFor({ privateKey: undefined, agent: socket }),
          "auth-failed",
          `the agent at ${socket} can't be asked (no answer within 1 s)`,
        ];
      },
      "a session that is never opened": async () => [
        poolFor(await idle((c) => open(c).on("session", () => {}))),
        "timeout",
        "a session still wasn't open after 3 s",
      ],
      "a command that is never started": async () => [
        poolFor(await idle((c) => open(c).on("session", (accept) => void accept().on("exec", () => {})))),
        "timeout",
        "a session still wasn't open after 3 s",
      ],
      "a command that never ends": async () => [
        bench.pool(bench.settings({ n: alone(sshd) }, undefined, 1), { timeoutMs: 900 }),
        "timeout",
        "a command still ran after 0.9 s",
      ],
      "a jump host that never answers": async () => {
        const jump = alone(sshd, await idle((c) => open(c).on("tcpip", () => {})));
        const pool = bench.pool(bench.settings({ jump, n: alone(sshd) }, "Host n\nProxyJump jump", 1));
        return [
          pool,
          "unreachable",
          /Node "jump".* doesn't get through to 127\.0\.0\.1:\d+ \(no answer within 1 s\)/,
        ];
      },
    };
    // All at once: each does nothing but wait.
    it("within four seconds", async () => {
      const since = Date.now();
      const results = await Promise.allSettled(
        // elsewhere a full queue is refused, not left without an answer
        Object.entries(cases)
          .filter(([title]) => title !== "TCP" || process.platform === "linux")
          .map(async ([title, make]) => {
            const [pool, ...expected] = await make();
            await fails(pool.run("n", "sleep 9", NOTHING), ...expected).catch((error: Error) => {
              throw new Error(`${title}: ${error.message}`);
            });
          }),
      );
      expect(
        results.flatMap((result) => (result.status === "rejected" ? [(result.reason as Error).message] : [])),
      ).to.deep.equal([]);
      expect(Date.now() - since).to.be.lessThan(8000);
    });
    it("an agent that lists nothing keeps no other key from being tried", async () => {
      expect(await poolFor({ agent: await agent(() => {}, false) }).run("n", "true", NOTHING)).to.include({
        code: 0,
      });
    });
  });

  describe("an agent's faults are notes", () => {
    const faults: [title: string, answer: Parameters<typeof agent>[0], says: string][] = [
      ["refuses", (reply) => reply(5), "the agent's key slow: it refused"],
      [
        "answers with another signature",
        (reply) => reply(14, field(Buffer.concat([field("ssh-ed25519"), field(Buffer.alloc(64))]))),
        "tried the agent's key slow",
      ],
      ["answers nonsense", (reply) => reply(14, Buffer.from("x")), "the agent's key slow: "],
    ];
    for (const [title, answer, says] of faults) {
      it(title, async () => {
        await fails(
          poolFor({ privateKey: undefined, agent: await agent(answer) }).run("n", "true", NOTHING),
          "auth-failed",
          says,
        );
      });
    }
    it("and other keys are tried", async () => {
      const config = `IdentityFile ${sshd.privateKeyFile}.pub\nIdentityFile ${bench.key()}`;
      await fails(
        poolFor({ privateKey: undefined, agent: await agent((reply) => reply(5)) }, config).run(
          "n",
          "true",
          NOTHING,
        ),
        "auth-failed",
        /tried the agent's key slow, \S+key-\d+/,
      );
    });
  });

  describe("trying again", () => {
    it("gets in once a server with MaxStartups has room", async function () {
      const busy = await bench.sshd(this, { config: ["MaxStartups 1:100:1"] });
      const others = connectTcp(busy.port, "127.0.0.1").on("error", () => {});
      await once(others, "data"); // it waits for a login now, and lets nobody else begin one
      const pool = bench.pool(bench.settings({ n: alone(busy) }));
      setTimeout(() => others.destroy(), 600);
      expect(await pool.run("n", "true", NOTHING)).to.include({ code: 0 });
    });
    it("never after a refused key or host key", async () => {
      const proxy = await bench.proxy(sshd.port);
      let connections = 0;
      const port = await bench.listen((socket) => {
        connections++;
        const inner = connectTcp(proxy.port, "127.0.0.1").on("error", () => {});
        socket.pipe(inner).pipe(socket);
      });
      await fails(
        poolFor({ port, privateKey: readFileSync(bench.key(), "utf8") }).run("n", "true", NOTHING),
        "auth-failed",
      );
      await fails(
        poolFor({ port, hostKey: publicLine(hostKey) }).run("n", "true", NOTHING),
        "host-key-changed",
      );
      expect(connections).to.equal(2);
    });
    it("runs four at once where MaxSessions is 1", async function () {
      const narrow = await bench.sshd(this, { maxSessions: 1 });
      const pool = bench.pool(bench.settings({ n: alone(narrow) }));
      const results = await Promise.all(
        [1, 2, 3, 4].map((i) => pool.run("n", "cat", Buffer.from(String(i)))),
      );
      expect(results.map(({ stdout }) => stdout.toString()).join("")).to.equal("1234");
    });
  });

  it("ServerAliveInterval and ServerAliveCountMax say when a silent server is given up", async () => {
    const proxy = await bench.proxy(sshd.port);
    const pool = poolFor({ port: proxy.port }, "ServerAliveInterval 1\nServerAliveCountMax 1");
    await pool.run("n", "true", NOTHING);
    const run = fails(pool.run("n", "sleep 9", NOTHING), "unreachable", "no sign of life for 1 s");
    await delay(300);
    proxy.silent = true;
    await run;
  });
});
