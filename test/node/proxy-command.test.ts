import { execFileSync, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { connect } from "../../provider/node/connect";
import { resolveTarget } from "../../provider/node/resolve";
import { startSshd, type Sshd } from "../support/sshd";
import { alone, Bench, fails, NOTHING } from "../support/ssh";

describe("ProxyCommand", () => {
  const bench = new Bench();
  let sshd: Sshd;
  before(async function () {
    const started = await startSshd();
    if (!started) return this.skip();
    sshd = started;
  });
  after(() => sshd?.close());

  /** A program that writes down its process id and then is what stands behind it. */
  const noting = (rest: string) => {
    const file = join(bench.dir, `pids-${randomBytes(4).toString("hex")}`);
    return {
      line: `ProxyCommand sh -c 'echo $$ >> ${file}; ${rest}'`,
      pids: () => readFileSync(file, "utf8").trim().split("\n").map(Number),
    };
  };
  // sshd itself on the standard streams: no port, no other program
  const server = () => `exec /usr/sbin/sshd -i -f ${join(sshd.dir, "sshd_config")}`;
  const poolFor = (line: string, seconds = 5) =>
    bench.pool(bench.settings({ n: alone(sshd, { host: undefined, port: undefined }) }, line, seconds));
  /** Not even a zombie is left of it. */
  const gone = async (pid: number) => {
    for (let i = 0; i < 100 && exists(pid); i++) await delay(10);
    return !exists(pid);
  };

  it("is run by the shell, with its tokens and quotes, and is the connection", async () => {
    const seen = join(bench.dir, "seen");
    const line = `HostName h.example\nPort 77\nProxyCommand  sh -c "echo '%h' %n %p \\"%r\\" %% \\$0#1 > ${seen}; ${server()}" zero # not a comment`;
    const pool = poolFor(line);
    const data = randomBytes(1 << 20);
    expect((await pool.run("n", "cat", data)).stdout.equals(data)).to.be.true;
    expect(readFileSync(seen, "utf8")).to.equal(`h.example n 77 ${sshd.user} % zero#1\n`);
  });
  it("ends with the connection, and so does what it has started; no zombie is left", async () => {
    const { line, pids } = noting("sleep 100 & exec 3<>/dev/tcp/127.0.0.1/PORT; cat <&3 & exec cat >&3");
    const pool = poolFor(line.replace("sh -c", "bash -c").replace("PORT", String(sshd.port)));
    await pool.run("n", "true", NOTHING);
    const [pid] = pids();
    const group = () => running(pid!);
    expect(group()).to.be.greaterThan(1);
    await pool.close();
    expect(await gone(pid!)).to.be.true;
    for (let i = 0; i < 100 && running(pid!) > 0; i++) await delay(10);
    expect(running(pid!)).to.equal(0);
  });
  it("lets our process end while the connection is idle, and ends with it", async () => {
    const { line, pids } = noting(server());
    const settings = bench.settings({ n: alone(sshd, { host: undefined, port: undefined }) }, line);
    const pool = JSON.stringify(join(__dirname, "../../provider/node/pool"));
    const script = bench.file(
      `const { NodePool } = require(${pool});
       new NodePool(${JSON.stringify(settings)}, { idleMs: 60_000 }).run("n", "true", Buffer.alloc(0)).then(({ code }) => process.send(code, () => process.disconnect()));`,
    );
    const child = fork(script, { execArgv: ["-r", require.resolve("tsx/cjs")] });
    expect((await once(child, "message"))[0]).to.equal(0);
    const since = Date.now();
    expect((await once(child, "exit"))[0]).to.equal(0);
    expect(Date.now() - since).to.be.lessThan(3000);
    for (let i = 0; i < 100 && running(pids()[0]!) > 0; i++) await delay(10);
    expect(running(pids()[0]!)).to.equal(0);
  });

  const failing: [title: string, command: string, says: (string | RegExp)[], tries: number][] = [
    [
      "complains and goes",
      "echo no way >&2; exit 3",
      [/the ProxyCommand \(\S+:1\) ended with 3 and said: no way/],
      1,
    ],
    ["isn't there", "exec /no/such/program", [/ended with 12[67] and said: .*not found/], 1],
    ["goes without a word", "exit 0", ["ended with 0 and said nothing", "before its SSH server greeted"], 4],
    [
      "says nothing at all",
      "exec sleep 100",
      ["waited 1 s for the SSH server to greet", "is still running and said nothing"],
      1,
    ],
    ["isn't SSH", "echo HTTP/1.1 400; cat > /dev/null", ["HTTP/1.1 400"], 1],
    ["ends its output and stays", "exec sleep 100 >&-", ["is still running and said nothing"], 1],
  ];
  for (const [title, command, says, tries] of failing) {
    it(`one that ${title}`, async () => {
      const { line, pids } = noting(command);
      await fails(poolFor(line, 1).run("n", "true", NOTHING), "unreachable", ...says);
      expect(pids().length, "tries").to.equal(tries);
      for (const pid of pids()) expect(await gone(pid)).to.be.true;
    });
  }
  it("one that ends in the middle of a command, and is started anew", async () => {
    const { line, pids } = noting(server());
    const pool = poolFor(line);
    await pool.run("n", "true", NOTHING);
    const run = fails(
      pool.run("n", "sleep 5", NOTHING),
      "unreachable",
      "lost while a command was running",
      "was ended by SIGKILL",
    );
    await delay(200);
    process.kill(pids()[0]!, "SIGKILL");
    await run;
    expect(await pool.run("n", "true", NOTHING)).to.include({ code: 0 });
    expect(pids().length).to.equal(2);
  });
  it("a shell that isn't there", async () => {
    const settings = bench.settings({ n: alone(sshd) }, "ProxyCommand true");
    const target = resolveTarget("n", settings, {
      home: "/home/me",
      user: "me",
      env: { SHELL: "/no/shell" },
    });
    await fails(connect(target), "unreachable", "couldn't be started", "/no/shell");
  });
  it("ssh -W, the most common one", async () => {
    const knownHosts = bench.file(`[127.0.0.1]:${sshd.port} ${sshd.hostKeyLine}\n`);
    const options = `-F none -i ${sshd.privateKeyFile} -o IdentityAgent=none -o UserKnownHostsFile=${knownHosts} -p ${sshd.port}`;
    const line = `HostName 127.0.0.1\nPort ${sshd.port}\nProxyCommand ssh ${options} -W %h:%p ${sshd.user}@127.0.0.1`;
    expect(await poolFor(line).run("n", "true", NOTHING)).to.include({ code: 0 });
    const closed = line.replace(/%h:%p/, "127.0.0.1:1");
    await fails(
      poolFor(closed).run("n", "true", NOTHING),
      "unreachable",
      /ended with 255 and said: .*(refused|failed)/s,
    );
  });
  it("of a jump host, on the way to the node", async () => {
    const { line, pids } = noting(server());
    const nodes = { jump: alone(sshd, { host: undefined, port: undefined }), node: alone(sshd) };
    const pool = bench.pool(bench.settings(nodes, `Host node\nProxyJump jump\nHost jump\n${line}`));
    expect((await pool.run("node", 'echo "$SSH_CONNECTION"', NOTHING)).stdout.toString()).to.contain(
      ` ${sshd.port}\n`,
    );
    await pool.close();
    expect(await gone(pids()[0]!)).to.be.true;
  });
});

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** How many processes there are in a group; without those whose parent is gone too, which are not ours to bury. */
function running(group: number): number {
  const all = execFileSync("ps", ["-axo", "pgid=,stat="], { encoding: "utf8" }).trim().split("\n");
  return all.filter((line) => Number(line.trim().split(/\s+/)[0]) === group && !/Z/.test(line)).length;
}
