import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { PostureError } from "../../provider/errors";
import { connect } from "../../provider/node/connect";
import { Connection } from "../../provider/node/connection";
import { handshake } from "../../provider/node/handshake";
import { NodePool } from "../../provider/node/pool";
import { readSettings, type NodeSettings } from "../../provider/node/settings";
import { resolveTarget } from "../../provider/node/resolve";
import { alone } from "../support/ssh";
import { startSshd, type Sshd, type SshdOptions } from "../support/sshd";

const NOTHING = Buffer.alloc(0);

describe("a real sshd", function () {
  this.timeout(30_000);
  const dir = mkdtempSync(join(tmpdir(), "pve-posture-real-"));
  const cleanups: (() => unknown)[] = [];
  let sshd: Sshd;

  const start = async (options?: SshdOptions) => {
    const started = await startSshd(options);
    if (started) cleanups.push(() => started.close());
    return started;
  };
  const settingsFor = (nodes: Record<string, NodeSettings>, config?: string) => {
    const file = join(dir, "config");
    if (config !== undefined) writeFileSync(file, config);
    return readSettings(() => undefined, {
      PVE_POSTURE_NODES: JSON.stringify(nodes),
      PVE_POSTURE_SSH_CONFIG: config === undefined ? "none" : file,
    });
  };
  const poolFor = (nodes: Record<string, NodeSettings>, config?: string) => {
    const pool = new NodePool(settingsFor(nodes, config));
    cleanups.push(() => pool.close());
    return pool;
  };
  const failure = async (run: Promise<unknown>) => {
    const error = await run.then(
      () => expect.fail("it went well"),
      (e: unknown) => e,
    );
    expect(error, String(error)).to.be.instanceOf(PostureError);
    return error as PostureError;
  };

  before(async function () {
    const started = await startSshd();
    if (!started) {
      console.log("      no sshd on this machine: skipped");
      return this.skip();
    }
    sshd = started;
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  after(async () => {
    await sshd?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it("runs scripts of several lines and quotes, with input, output and status", async () => {
    const script = `read -r a\necho "got '$a' \\"x\\" $\{#a}"\necho 'e' >&2\nexit 3`;
    const result = await poolFor({ n: alone(sshd) }).run("n", script, Buffer.from("wörd\n"));
    expect({ ...result, stdout: result.stdout.toString(), stderr: result.stderr.toString() }).to.deep.equal({
      code: 3,
      stdout: `got 'wörd' "x" ${result.stdout.toString().includes(" 5") ? 5 : 4}\n`,
      stderr: "e\n",
    });
  });
  it("passes 2 MB both ways, byte by byte, and closes the input", async () => {
    const data = randomBytes(2 << 20);
    const pool = poolFor({ n: alone(sshd) });
    const results = await Promise.all([1, 2, 3].map(() => pool.run("n", "cat", data)));
    for (const { stdout } of results) expect(stdout.equals(data)).to.be.true;
  });
  it("bears a command that reads none of its input", async () => {
    expect(await poolFor({ n: alone(sshd) }).run("n", "exit 4", randomBytes(4 << 20))).to.include({ code: 4 });
  });
  it("says which signal ended a command", async () => {
    expect(await poolFor({ n: alone(sshd) }).run("n", "kill -KILL $$", NOTHING)).to.include({
      code: null,
      signal: "SIGKILL",
    });
  });
  it("runs twelve at once, and waits where fewer sessions are allowed", async () => {
    const narrow = await start({ maxSessions: 5 });
    for (const server of [sshd, narrow!]) {
      const pool = poolFor({ n: alone(server) });
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, i) => pool.run("n", "cat", Buffer.from(String(i)))),
      );
      expect(results.map((r) => Number(r.stdout))).to.deep.equal(Array.from({ length: 12 }, (_, i) => i));
    }
  });
  it("passes SetEnv on", async () => {
    const server = await start({ setEnv: { ONE: "a b", TWO: "c" } });
    expect(
      (await poolFor({ n: alone(server!) }).run("n", 'echo "$ONE $TWO"', NOTHING)).stdout.toString(),
    ).to.equal("a b c\n");
  });

  it("asks for the type of key that is known", async () => {
    const key = join(dir, "host_ecdsa");
    execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-f", key]);
    const server = (await start({ config: [`HostKey ${key}`] }))!;
    const line = execFileSync("cut", ["-d", " ", "-f", "1,2", `${key}.pub`], { encoding: "utf8" }).trim();
    const knownHosts = join(dir, "known_hosts");
    writeFileSync(knownHosts, `[127.0.0.1]:${server.port} ${line}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", knownHosts], { stdio: "ignore" });
    const node = { ...alone(server), hostKey: undefined, knownHostsFile: knownHosts };
    expect(await poolFor({ n: node }).run("n", "true", NOTHING)).to.include({ code: 0 });
  });

  it("uses keys of a real agent, and only those named with IdentitiesOnly", async () => {
    const socket = join(dir, "agent.sock");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    cleanups.push(async () => {
      agent.kill();
      await once(agent, "exit");
    });
    while (!existsSync(socket)) await delay(20);
    const stranger = join(dir, "stranger");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "stranger", "-f", stranger]);
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    for (const key of [stranger, sshd.privateKeyFile])
      execFileSync("ssh-add", ["-q", key], { env, stdio: "ignore" });
    const node = { ...alone(sshd), privateKey: undefined, agent: socket };
    expect(await poolFor({ n: node }).run("n", "true", NOTHING)).to.include({ code: 0 });
    const named = `IdentitiesOnly yes\nIdentityFile ${sshd.privateKeyFile}.pub`;
    expect(await poolFor({ n: node }, named).run("n", "true", NOTHING)).to.include({ code: 0 });
    const error = await failure(
      poolFor({ n: node }, `IdentitiesOnly yes\nIdentityFile ${stranger}.pub`).run("n", "true", NOTHING),
    );
    expect(error).to.include({ code: "auth-failed" });
    expect(error.message).to.contain("the agent's key stranger").and.not.contain("id_ed25519");
  });

  it("puts up with an agent of more keys than the server has patience for", async () => {
    const server = (await start({ config: ["MaxAuthTries 2"] }))!;
    const keys = [1, 2, 3].map((n) => join(dir, `many${n}`));
    for (const key of keys) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const config = keys.map((key) => `IdentityFile ${key}`).join("\n");
    const error = await failure(
      poolFor({ n: { ...alone(server), privateKey: undefined } }, config).run("n", "true", NOTHING),
    );
    expect(error.code).to.equal("auth-failed");
    expect(error.message).to.match(/Too many authentication failures/);
    // A key of the settings comes before all of them.
    expect(await poolFor({ n: alone(server) }, config).run("n", "true", NOTHING)).to.include({ code: 0 });
  });

  describe("through a jump host", () => {
    const config = (jump: Sshd, node: Sshd, knownHosts: string) =>
      [
        `IdentityFile ${sshd.privateKeyFile}`,
        `UserKnownHostsFile ${knownHosts}`,
        "GlobalKnownHostsFile none",
        "IdentityAgent none",
        "HostName 127.0.0.1",
        `User ${sshd.user}`,
        `Host node\nPort ${node.port}\nHostKeyAlias node\nIdentityFile ${node.privateKeyFile}\nProxyJump jump`,
        `Host jump\nPort ${jump.port}\nIdentityFile ${jump.privateKeyFile}`,
      ].join("\n");

    it("checks the host key of each, and logs in to each with its own key", async () => {
      const node = (await start())!;
      const knownHosts = join(dir, "known_hosts");
      const lines = {
        jump: `[127.0.0.1]:${sshd.port} ${sshd.hostKeyLine}\n`,
        node: `node ${node.hostKeyLine}\n`,
      };
      const script = 'echo "$SSH_CONNECTION"';
      const nodes = { node: { sudo: false } };
      writeFileSync(knownHosts, lines.node);
      expect(
        (await failure(poolFor(nodes, config(sshd, node, knownHosts)).run("node", script, NOTHING))).message,
      ).to.match(/Node "jump".*host key is unknown/);
      writeFileSync(knownHosts, lines.jump);
      expect(
        (await failure(poolFor(nodes, config(sshd, node, knownHosts)).run("node", script, NOTHING))).message,
      ).to.match(/Node "node".* through jump: the host key is unknown/);
      writeFileSync(knownHosts, lines.jump + lines.node);
      const pool = poolFor(nodes, config(sshd, node, knownHosts));
      const data = randomBytes(1 << 20);
      expect((await pool.run("node", script, NOTHING)).stdout.toString()).to.contain(` ${node.port}\n`);
      expect((await pool.run("node", "cat", data)).stdout.equals(data)).to.be.true;
    });
    it("says when the jump host doesn't forward, or finds nothing there", async () => {
      const closed = (await start({ config: ["AllowTcpForwarding no"] }))!;
      const nodes = { jump: alone(closed), node: { ...alone(sshd), port: 1 } };
      expect(
        (await failure(poolFor(nodes, "Host node\nProxyJump jump").run("node", "true", NOTHING))).message,
      ).to.contain("AllowTcpForwarding");
      const open = { ...nodes, jump: alone(sshd) };
      const error = await failure(poolFor(open, "Host node\nProxyJump jump").run("node", "true", NOTHING));
      expect(error).to.include({ code: "unreachable" });
      expect(error.message).to.contain("127.0.0.1:1");
    });
  });

  describe("sudo", () => {
    const withSudo = async (text: string) => {
      const bin = mkdtempSync(join(dir, "bin-"));
      writeFileSync(join(bin, "sudo"), `#!/bin/sh\n${text}\n`);
      chmodSync(join(bin, "sudo"), 0o755);
      const server = (await start({ setEnv: { PATH: `${bin}:/usr/bin:/bin` } }))!;
      return poolFor({ n: { ...alone(server), sudo: true } });
    };
    it("gets the script as one argument", async () => {
      const pool = await withSudo('echo "$1 $2 $3 $4" >&2; shift 2; exec "$@"');
      const result = await pool.run("n", `echo "it's" '$HOME'`, NOTHING);
      expect([result.code, result.stdout.toString(), result.stderr.toString()]).to.deep.equal([
        0,
        "it's $HOME\n",
        "-n -- sh -c\n",
      ]);
    });
    it("refuses", async () => {
      const pool = await withSudo("echo 'sudo: a password is required' >&2; exit 1");
      expect((await failure(pool.run("n", "id", NOTHING))).message).to.contain("NOPASSWD");
    });
  });

  describe("losing it", () => {
    /** Stands between, and can fall silent or cut off. */
    async function proxied() {
      const state = {
        silent: false,
        port: 0,
        cut: () => sockets.splice(0).forEach((socket) => socket.destroy()),
      };
      const sockets: Socket[] = [];
      const proxy = createServer((socket) => {
        const inner = connectTcp(sshd.port, "127.0.0.1");
        sockets.push(socket, inner);
        socket.on("data", (data) => state.silent || inner.write(data)).on("error", () => {});
        inner.on("data", (data) => state.silent || socket.write(data)).on("error", () => {});
      }).listen(0, "127.0.0.1");
      await once(proxy, "listening");
      cleanups.push(() => {
        state.cut();
        proxy.close();
      });
      state.port = (proxy.address() as AddressInfo).port;
      return state;
    }

    it("in the middle of commands, and coming back", async () => {
      const proxy = await proxied();
      const pool = poolFor({ n: { ...alone(sshd), port: proxy.port } });
      await pool.run("n", "true", NOTHING);
      const runs = [1, 2].map(() => failure(pool.run("n", "sleep 5", NOTHING)));
      await delay(200);
      proxy.cut();
      for (const run of runs) expect((await run).message).to.contain("lost while a command was running");
      expect(await pool.run("n", "true", NOTHING)).to.include({ code: 0 });
    });

    it("while idle, and coming back", async () => {
      const proxy = await proxied();
      const pool = poolFor({ n: { ...alone(sshd), port: proxy.port } });
      for (let i = 0; i < 3; i++) {
        expect(await pool.run("n", "true", NOTHING)).to.include({ code: 0 });
        proxy.cut();
        await delay(50);
      }
    });

    it("notices a peer that fell silent, and not one that only takes its time", async () => {
      const proxy = await proxied();
      const { port } = proxy;
      const keepalive = { seconds: 0.05, unanswered: 3 };
      const target = { ...resolveTarget("n", settingsFor({ n: { ...alone(sshd), port } })), keepalive };
      const socket = connectTcp(port, "127.0.0.1");
      await once(socket, "connect");
      const connection = new Connection(await handshake(socket, target), target, socket);
      expect(await connection.exec("sleep 1", NOTHING)).to.include({ code: 0 });
      const run = connection.exec("sleep 10", NOTHING);
      await delay(200);
      proxy.silent = true;
      expect((await failure(run)).message).to.contain("no sign of life");
      expect(connection.lost).to.be.true;
    });

    it("on purpose", async () => {
      const connection = await connect(resolveTarget("n", settingsFor({ n: alone(sshd) })));
      const run = failure(connection.exec("sleep 5", NOTHING));
      await delay(100);
      await connection.close();
      expect((await run).message).to.contain("closed on our side");
      expect((await failure(connection.exec("true", NOTHING))).code).to.equal("unreachable");
    });
  });
});
