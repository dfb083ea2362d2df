import { execFileSync, fork } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Server, utils, type Connection as ServerConnection, type ServerChannel } from "ssh2";
import { fingerprint } from "../../provider/node/known-hosts";
import { NodePool, type PoolOptions } from "../../provider/node/pool";
import { withRetries } from "../../provider/node/retry";
import type { NodeSettings } from "../../provider/node/settings";
import { fails } from "../support/ssh";

const NOTHING = Buffer.alloc(0);
const dir = mkdtempSync(join(tmpdir(), "pve-posture-connect-"));
const newKey = (type = "ed25519", ...options: string[]) => {
  const file = join(dir, `key-${randomBytes(4).toString("hex")}`);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", file, ...options]);
  const text = execFileSync("cat", [file], { encoding: "utf8" });
  const parsed = utils.parseKey(text);
  if (parsed instanceof Error) throw parsed;
  return {
    file,
    text,
    public: parsed.getPublicSSH(),
    line: `${parsed.type} ${parsed.getPublicSSH().toString("base64")}`,
  };
};

interface Options {
  /** what runs; gets the command and its channel */
  command?: (command: string, channel: ServerChannel, connection: ServerConnection) => void;
  session?: (n: number) => boolean;
}

describe("connecting", () => {
  const hostKey = newKey();
  const userKey = newKey();
  const strangerKey = newKey();
  const servers: (Server | TcpServer)[] = [];
  const pools: NodePool[] = [];
  let logins = 0;

  /** A server that lets userKey in. */
  async function serve({ command, session }: Options = {}): Promise<number> {
    const server = new Server({ hostKeys: [hostKey.text] }, (connection) => {
      let sessions = 0;
      connection.on("error", () => {});
      connection.on("authentication", (context) => {
        const good = context.method === "publickey" && context.key.data.equals(userKey.public);
        const password = context.method === "password" && context.password === "right";
        if (good || password) context.accept();
        else context.reject(["publickey", "password"]);
      });
      connection.on("ready", () => logins++);
      connection.on("session", (accept, reject) => {
        if (session && !session(++sessions)) return reject();
        accept().on("exec", (acceptExec, _reject, { command: text }) =>
          command?.(text, acceptExec(), connection),
        );
      });
    });
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server as unknown as TcpServer, "listening");
    return (server.address() as AddressInfo).port;
  }
  async function tcp(onConnection: Parameters<typeof createServer>[1]): Promise<number> {
    const server = createServer(onConnection as never).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }
  const good = (): NodeSettings => ({
    privateKey: userKey.text,
    agent: false,
    hostKey: fingerprint(hostKey.public),
  });
  function pool(
    port: number,
    node: NodeSettings = good(),
    options: PoolOptions = {},
    connectTimeoutSeconds = 5,
  ) {
    const settings = {
      nodes: { n: { host: "127.0.0.1", port, user: "root", ...node } },
      sshConfig: "none",
      preview: "live" as const,
      lockTimeoutSeconds: 10, timeoutSeconds: 120,
      connectTimeoutSeconds,
    };
    const made = new NodePool(settings, options);
    pools.push(made);
    return made;
  }
  const answer =
    (text: string, code = 0) =>
    (_: string, channel: ServerChannel) => {
      channel.exit(code); // ssh2 closes the channel at the end of its output
      channel.end(text);
    };

  beforeEach(() => (logins = 0));
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((p) => p.close()));
    for (const server of servers.splice(0)) server.close();
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  describe("host keys", () => {
    it("refuses an unknown one, and says how to make it known", async () => {
      const port = await serve();
      const file = join(dir, "empty");
      writeFileSync(file, "");
      const line = `[127.0.0.1]:${port} ${hostKey.line}`;
      await fails(
        pool(port, { ...good(), hostKey: undefined, knownHostsFile: file }).run("n", "x", NOTHING),
        "host-key-unknown",
        line,
        file,
      );
      expect(logins).to.equal(0);
      writeFileSync(file, line);
      const there = await serve({ command: answer("ok") });
      writeFileSync(file, `[127.0.0.1]:${there} ${hostKey.line}`);
      expect(
        (
          await pool(there, { ...good(), hostKey: undefined, knownHostsFile: file }).run("n", "x", NOTHING)
        ).stdout.toString(),
      ).to.equal("ok");
    });
    it("refuses a changed one", async () => {
      const port = await serve();
      const file = join(dir, "changed");
      writeFileSync(file, `[127.0.0.1]:${port} ${strangerKey.line}`);
      const run = pool(port, { ...good(), hostKey: undefined, knownHostsFile: file }).run("n", "x", NOTHING);
      await fails(
        run,
        "host-key-changed",
        fingerprint(hostKey.public),
        fingerprint(strangerKey.public),
        `${file}:1`,
      );
      expect(logins).to.equal(0);
    });
    it("refuses another than the pinned one", async () => {
      await fails(
        pool(await serve(), { ...good(), hostKey: strangerKey.line }).run("n", "x", NOTHING),
        "host-key-changed",
        "pinned",
      );
    });
  });

  describe("login", () => {
    it("says which keys were refused", async () => {
      const stranger = { ...good(), privateKey: strangerKey.text };
      await fails(
        pool(await serve(), stranger).run("n", "x", NOTHING),
        "auth-failed",
        "root",
        "the key of privateKey",
        "authorized_keys",
      );
    });
    it("says that there was nothing to try, and which key is locked", async () => {
      const locked = newKey("ed25519");
      execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "secret", "-f", locked.file]);
      rmSync(`${locked.file}.pub`);
      const config = join(dir, "config");
      writeFileSync(config, `IdentityFile ${locked.file}\nIdentityFile ${dir}/none`);
      const nodes = {
        n: { ...good(), privateKey: undefined, host: "127.0.0.1", port: await serve(), user: "root" },
      };
      const locking = new NodePool({ nodes, sshConfig: config, preview: "live", lockTimeoutSeconds: 1, timeoutSeconds: 120 });
      await fails(
        locking.run("n", "x", NOTHING),
        "auth-failed",
        "nothing to try",
        `ssh-add ${locked.file}`,
        `${dir}/none isn't there`,
      );
    });
    it("opens a locked key of the settings, and says when it can't", async () => {
      const locked = newKey("ed25519");
      execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "secret", "-f", locked.file]);
      const port = await serve();
      const own = { ...good(), privateKey: undefined, privateKeyFile: locked.file };
      await fails(
        pool(port, own).run("n", "x", NOTHING),
        "invalid-settings",
        "privateKeyFile is protected by a passphrase",
      );
      const error = await fails(
        pool(port, { ...own, passphrase: "hunter2" }).run("n", "x", NOTHING),
        "invalid-settings",
        "isn't the given one",
      );
      expect(error.message).not.to.contain("hunter2");
      await fails(
        pool(port, { ...own, passphrase: "secret" }).run("n", "x", NOTHING),
        "auth-failed",
        "privateKeyFile",
      );
    });
    it("uses a password of the settings, last", async () => {
      const port = await serve({ command: answer("ok") });
      const result = await pool(port, { ...good(), privateKey: strangerKey.text, password: "right" }).run(
        "n",
        "x",
        NOTHING,
      );
      expect(result.stdout.toString()).to.equal("ok");
      const error = await fails(
        pool(port, { ...good(), privateKey: undefined, password: "wr0ng" }).run("n", "x", NOTHING),
        "auth-failed",
        "the password",
      );
      expect(error.message).not.to.contain("wr0ng");
    });
    it("takes a PEM key", async () => {
      const { privateKey } = generateKeyPairSync("rsa", {
        modulusLength: 2048,
        privateKeyEncoding: { type: "pkcs1", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      });
      await fails(
        pool(await serve(), { ...good(), privateKey }).run("n", "x", NOTHING),
        "auth-failed",
        "the key of privateKey",
      );
    });
    it("says when an agent isn't there", async () => {
      await fails(
        pool(await serve(), { ...good(), privateKey: undefined, agent: join(dir, "no.sock") }).run(
          "n",
          "x",
          NOTHING,
        ),
        "auth-failed",
        "no.sock can't be asked",
      );
    });
  });

  describe("reaching", () => {
    it("host not found", async () => {
      await fails(
        pool(22, { ...good(), host: "pve1.invalid" }).run("n", "x", NOTHING),
        "host-not-found",
        "pve1.invalid",
        "pve-posture:nodes.n.host",
      );
    });
    it("refused", async () => {
      const port = await tcp(() => {});
      await new Promise((done) => servers.pop()!.close(done as never));
      await fails(pool(port).run("n", "x", NOTHING), "unreachable", "refused", String(port));
    });
    it("hangs before it greets", async () => {
      let tries = 0;
      const port = await tcp((socket) => void (tries++, socket.on("error", () => {})));
      await fails(pool(port, good(), {}, 1).run("n", "x", NOTHING), "unreachable", "waited 1 s");
      expect(tries).to.equal(1);
    });
    it("hangs up before it greets: tries four times", async () => {
      let tries = 0;
      const port = await tcp((socket) => void (++tries % 2 ? socket.destroy() : socket.resetAndDestroy()));
      await fails(pool(port).run("n", "x", NOTHING), "unreachable", "before its SSH server greeted");
      expect(tries).to.equal(4);
    });
    it("isn't SSH at all", async () => {
      const port = await tcp((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
      await fails(pool(port).run("n", "x", NOTHING), "unreachable", "HTTP/1.1 400", "Is it an SSH server");
    });
    it("gives up what won't pass at once", async () => {
      let tries = 0;
      await withRetries(async () => (tries++, Promise.reject(new Error("no")))).catch(() => {});
      expect(tries).to.equal(1);
    });
  });

  describe("running", () => {
    it("passes exit code, output and errors on", async () => {
      const port = await serve({
        command: (text, channel) => {
          channel.stderr.write("err");
          answer(text, 7)(text, channel);
        },
      });
      const result = await pool(port).run("n", "echo 'a' \\", NOTHING);
      expect(result).to.deep.equal({
        code: 7,
        stdout: Buffer.from(`sh -c 'echo '\\''a'\\'' \\'`),
        stderr: Buffer.from("err"),
      });
    });
    it("passes a signal on", async () => {
      const port = await serve({
        command: (_, channel) => {
          channel.exit("KILL", false, "");
          channel.end();
          channel.close();
        },
      });
      expect(await pool(port).run("n", "x", NOTHING)).to.include({ code: null, signal: "SIGKILL" });
    });
    it("passes 2 MB both ways, byte by byte", async () => {
      const port = await serve({
        command: (_, channel) => {
          channel.on("end", () => (channel.exit(0), channel.end()));
          channel.pipe(channel, { end: false });
        },
      });
      const data = randomBytes(2 << 20);
      expect((await pool(port).run("n", "cat", data)).stdout.equals(data)).to.be.true;
    });
    it("bears a command that reads none of its input", async () => {
      expect(
        await pool(await serve({ command: answer("") })).run("n", "true", randomBytes(4 << 20)),
      ).to.include({ code: 0 });
    });
    it("runs twenty at once over one connection, eight at a time", async () => {
      let now = 0;
      let most = 0;
      const port = await serve({
        command: (text, channel) => {
          most = Math.max(most, ++now);
          setTimeout(() => (now--, answer(text)(text, channel)), 20);
        },
      });
      const many = pool(port);
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => many.run(i % 2 ? "n" : "root@n", String(i), NOTHING)),
      );
      expect({ logins, most }).to.deep.equal({ logins: 1, most: 8 });
    });
    it("gives up after the time allowed, and stays usable", async () => {
      const port = await serve({
        command: (text, channel) => (text.includes("hang") ? undefined : answer("ok")(text, channel)),
      });
      const patient = pool(port, good(), { timeoutMs: 150 });
      await fails(patient.run("n", "hang", NOTHING), "timeout", "0.15 s");
      expect((await patient.run("n", "x", NOTHING)).stdout.toString()).to.equal("ok");
    });
    it("says that the connection was lost in the middle, and opens a new one", async () => {
      const port = await serve({
        command: (text, channel, connection) =>
          text.includes("cut") ? connection.end() : answer("ok")(text, channel),
      });
      const p = pool(port);
      await fails(p.run("n", "cut", NOTHING), "unreachable", "lost while a command was running");
      expect((await p.run("n", "x", NOTHING)).stdout.toString()).to.equal("ok");
      expect(logins).to.equal(2);
    });
    it("opens a session again when the server has none free", async () => {
      const port = await serve({ session: (n) => n > 2, command: answer("ok") });
      expect((await pool(port).run("n", "x", NOTHING)).stdout.toString()).to.equal("ok");
      await fails(
        pool(await serve({ session: () => false })).run("n", "x", NOTHING),
        "unreachable",
        "MaxSessions",
      );
    });
    it("closes when idle, and opens again", async () => {
      const p = pool(await serve({ command: answer("ok") }), good(), { idleMs: 20 });
      await p.run("n", "x", NOTHING);
      await new Promise((done) => setTimeout(done, 200));
      await p.run("n", "x", NOTHING);
      expect(logins).to.equal(2);
    });
    it("lets the process end while idle", async () => {
      const port = await serve({ command: answer("ok") });
      const script = join(dir, "idle.ts");
      const provider = join(__dirname, "../../provider/node/pool");
      const settings = {
        nodes: { n: { host: "127.0.0.1", port, user: "root", ...good() } },
        sshConfig: "none",
        preview: "live",
        lockTimeoutSeconds: 1, timeoutSeconds: 120,
      };
      writeFileSync(
        script,
        `const { NodePool } = require(${JSON.stringify(provider)});
         new NodePool(${JSON.stringify(settings)}, { idleMs: 60_000 }).run("n", "x", Buffer.alloc(0)).then((r) => process.send({ text: r.stdout.toString() }, () => process.disconnect()));`,
      );
      const child = fork(script, { execArgv: ["-r", require.resolve("tsx/cjs")] });
      const [message] = await once(child, "message");
      const since = Date.now();
      expect(message).to.deep.equal({ text: "ok" });
      expect((await once(child, "exit"))[0]).to.equal(0);
      expect(Date.now() - since).to.be.lessThan(3000);
    });
  });

  describe("sudo", () => {
    it("is used when the user isn't root", async () => {
      const port = await serve({ command: (text, channel) => answer(text)(text, channel) });
      const result = await pool(port, { ...good(), user: "alice" }).run("n", "id", NOTHING);
      expect(result.stdout.toString()).to.match(/^env LC_ALL=C sudo -n -- sh -c '\{ s=\$\(head -c 2\); /);
    });
    const refusals: [stderr: string, code: number][] = [
      ["sudo: a password is required\n", 1],
      [
        "sudo: a terminal is required to read the password; either use the -S option\nsudo: a password is required\n",
        1,
      ],
      ["alice is not in the sudoers file.\n", 1],
      ["Sorry, user alice is not allowed to execute '/usr/bin/sh -c id' as root on pve1.\n", 1],
      ["env: 'sudo': No such file or directory\n", 127],
      ["env: ‘sudo’: No such file or directory\n", 127],
    ];
    for (const [stderr, code] of refusals) {
      it(`refused: ${stderr.split("\n")[0]}`, async () => {
        const command = (_: string, channel: ServerChannel) => (
          channel.stderr.write(stderr),
          answer("", code)("", channel)
        );
        const run = pool(await serve({ command }), { ...good(), user: "alice" }).run("n", "id", NOTHING);
        await fails(run, "not-permitted", "alice", "NOPASSWD", stderr.split("\n")[0]!);
      });
    }
    it("a failing script is no refusal", async () => {
      const command = (_: string, channel: ServerChannel) => (
        channel.stderr.write("sh: nope: not found\n"),
        answer("", 127)("", channel)
      );
      expect(
        await pool(await serve({ command }), { ...good(), user: "alice" }).run("n", "nope", NOTHING),
      ).to.include({ code: 127 });
    });
  });
});
