import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { startSshd, type Sshd } from "../support/sshd";
import { Bench, fails, NOTHING } from "../support/ssh";

describe("through two jump hosts, real sshds all three", () => {
  const bench = new Bench();
  let servers: [first: Sshd, second: Sshd, node: Sshd];
  before(async function () {
    const started = await Promise.all([startSshd(), startSshd(), startSshd()]);
    if (started.includes(undefined)) return this.skip();
    servers = started as typeof servers;
  });
  after(async () => {
    for (const server of servers ?? []) await server.close();
  });

  /** Each has a key, a host key and a name of its own. */
  const poolFor = (jumps: string, ports = servers.map(({ port }) => port), seconds = 5) => {
    const names = ["first", "second", "node"];
    const knownHosts = bench.file(
      servers.map(({ hostKeyLine }, i) => `${names[i]} ${hostKeyLine}\n`).join(""),
    );
    const hosts = servers.map(
      (server, i) =>
        `Host ${names[i]}\nPort ${ports[i]}\nIdentityFile ${server.privateKeyFile}\nHostKeyAlias ${names[i]}`,
    );
    const all = `HostName 127.0.0.1\nUser ${servers[0].user}\nUserKnownHostsFile ${knownHosts}\nGlobalKnownHostsFile none\nIdentityAgent none`;
    return bench.pool(
      bench.settings({ node: { sudo: false } }, [jumps, "Match all", all, ...hosts].join("\n"), seconds),
    );
  };
  const ways: [title: string, jumps: string][] = [
    ["in one line", "Host node\nProxyJump first,second"],
    ["each by its own line", "Host node\nProxyJump second\nHost second\nProxyJump first"],
  ];
  for (const [title, jumps] of ways) {
    it(`${title}: 1 MB both ways`, async () => {
      const pool = poolFor(jumps);
      const data = randomBytes(1 << 20);
      const { stdout } = await pool.run("node", 'echo "$SSH_CONNECTION"; exec cat', data);
      const end = stdout.indexOf("\n") + 1;
      expect(stdout.toString("latin1", 0, end)).to.contain(` ${servers[2].port}\n`);
      expect(stdout.subarray(end).equals(data)).to.be.true;
    });
  }

  it("the middle one is cut off in the middle of a command, and the next call connects anew", async () => {
    const proxy = await bench.proxy(servers[1].port);
    const pool = poolFor(ways[0]![1], [servers[0].port, proxy.port, servers[2].port]);
    await pool.run("node", "true", NOTHING);
    const runs = [1, 2].map(() =>
      fails(
        pool.run("node", "sleep 5", NOTHING),
        "unreachable",
        'Node "node"',
        "through second",
        "lost while a command was running",
      ),
    );
    await delay(200);
    proxy.cut();
    await Promise.all(runs);
    expect(await pool.run("node", "true", NOTHING)).to.include({ code: 0 });
  });
  it("says which hop refuses the key, the host key or the way", async () => {
    const ports = servers.map(({ port }) => port);
    await fails(
      poolFor("Host second\nHostKeyAlias other\nHost node\nProxyJump first,second").run(
        "node",
        "true",
        NOTHING,
      ),
      "host-key-unknown",
      /Node "second" .* through first: the host key is unknown/,
    );
    await fails(
      poolFor("Host second\nUser no-such-user\nHost node\nProxyJump first,second").run(
        "node",
        "true",
        NOTHING,
      ),
      "auth-failed",
      /Node "second" .* doesn't let no-such-user in/,
    );
    await fails(
      poolFor(ways[0]![1], [ports[0]!, 1, ports[2]!]).run("node", "true", NOTHING),
      "unreachable",
      /Node "first" .* doesn't get through to 127\.0\.0\.1:1/,
    );
  });
  it("ends with the middle one silent, as soon as it is closed", async () => {
    const proxy = await bench.proxy(servers[1].port);
    const pool = poolFor(ways[0]![1], [servers[0].port, proxy.port, servers[2].port]);
    await pool.run("node", "true", NOTHING);
    proxy.silent = true;
    const since = Date.now();
    await pool.close();
    expect(Date.now() - since).to.be.lessThan(3000);
  });
  it("leaves no process of ours behind on any hop", async () => {
    const pool = poolFor(ways[0]![1]);
    await pool.run("node", "true", NOTHING);
    await pool.close();
    await delay(300);
    for (const server of servers) {
      const sessions = execFileSync("ps", ["-axo", "ppid=,command="], { encoding: "utf8" })
        .split("\n")
        .filter((line) => line.trim().startsWith(`${server.pid} `));
      expect(sessions).to.deep.equal([]);
    }
  });
});
