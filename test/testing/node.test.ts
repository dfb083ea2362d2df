import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { existsSync, readlinkSync } from "node:fs";
import { createConnection } from "node:net";
import { generateKey } from "../../provider/testing/keys.js";
import { startNode, type EmbeddedNode } from "../../provider/testing/index.js";
import { connect, exec, once } from "./client.js";

const conf = "arch: amd64\nhostname: phoenix\nunprivileged: 1\n";

/** Does anybody listen on this port of loopback? */
function listening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port }, () => resolve(true));
    socket.on("connect", () => socket.destroy()).on("error", () => resolve(false));
  });
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it should have failed");
}

describe("an embedded node", () => {
  let node: EmbeddedNode;
  before(async () => {
    node = await startNode({ files: { "/etc/pve/lxc/951.conf": conf } });
  });
  after(() => node.stop());

  it("shows its files to scripts below PVE_POSTURE_ROOT", async () => {
    const { stdout, code } = await once(node, 'cat "$PVE_POSTURE_ROOT/etc/pve/lxc/951.conf"; pwd');
    expect(code).to.equal(0);
    expect(stdout.toString()).to.equal(`${conf}${node.root}\n`);
    expect(await node.read("/etc/pve/nodes/pve/lxc/951.conf"), "through the link").to.equal(conf);
    expect(await node.read("/etc/pve/local/lxc/951.conf")).to.equal(conf);
    expect(readlinkSync(`${node.root}/etc/pve/lxc`)).to.equal("nodes/pve/lxc");
  });

  it("has a machine id, a host name, lock directory, package list and loaded profiles", async () => {
    expect(await node.read("/etc/machine-id")).to.match(/^[0-9a-f]{32}\n$/);
    expect(await node.read("/etc/hostname")).to.equal("pve\n");
    expect(await node.exists("/run/lock/lxc")).to.be.true;
    expect(await node.read("/var/lib/dpkg/status")).to.match(
      /(^|\n\n)Package: pve-container\nStatus: install ok installed\n(\S.*\n)*Version: 6\.1\.10\n/,
    );
    expect(await node.loadedProfiles()).to.have.property("lxc-container-default", "enforce");
  });

  it("gives what a script writes, and takes what a test writes", async () => {
    await once(node, 'cat > "$PVE_POSTURE_ROOT/etc/pve/lxc/952.conf"', "arch: arm64\n");
    expect(await node.read("/etc/pve/lxc/952.conf")).to.equal("arch: arm64\n");
    await node.write("/etc/pve/lxc/952.conf", { content: "x", mode: 0o600 });
    expect((await once(node, 'ls -l "$PVE_POSTURE_ROOT/etc/pve/lxc/952.conf"')).stdout.toString()).to.match(
      /^-rw-------/,
    );
    await node.remove("/etc/pve/lxc/952.conf");
    expect(await node.exists("/etc/pve/lxc/952.conf")).to.be.false;
    expect(await node.read("/etc/pve/lxc/952.conf")).to.be.undefined;
    expect(await node.readBytes("/etc/hostname/below-a-file")).to.be.undefined;
  });

  it("keeps paths below its root", async () => {
    await node.write("/../../escape", "x");
    expect(existsSync(`${node.root}/escape`)).to.be.true;
    expect((await rejection(node.read("etc/hostname"))).message).to.contain("isn't an absolute path");
  });

  it("passes 1 MB of any bytes both ways", async () => {
    const bytes = randomBytes(1 << 20);
    const { stdout, stderr, code } = await once(node, "cat; echo done >&2", bytes);
    expect(code).to.equal(0);
    expect(stdout.equals(bytes)).to.be.true;
    expect(stderr).to.equal("done\n");
  });

  it("passes exit statuses and signals on", async () => {
    const client = await connect(node);
    expect((await exec(client, "exit 7")).code).to.equal(7);
    expect((await exec(client, "no-such-program")).code).to.equal(127);
    const killed = await exec(client, "kill -TERM $$");
    expect([killed.code, killed.signal]).to.deep.equal([null, "SIGTERM"]);
    client.end();
  });

  it("sends 1 MB whole although the command fails right after it", async () => {
    const { stdout, code } = await once(node, "head -c 1000000 /dev/zero; exit 3");
    expect([stdout.length, code]).to.deep.equal([1_000_000, 3]);
  });

  it("runs ten commands at once on one connection, and counts them", async () => {
    const client = await connect(node);
    const [connections, commands] = [node.connections, node.commands];
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => exec(client, `cat; sleep 0.2; exit ${index}`, `${index}`)),
    );
    expect(outcomes.map(({ code }) => code)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(outcomes.map(({ stdout }) => stdout.toString()).join("")).to.equal("0123456789");
    expect([node.connections, node.commands]).to.deep.equal([connections, commands + 10]);
    client.end();
  });

  it("refuses an eleventh session at a time, as sshd does", async () => {
    const client = await connect(node);
    const ten = Array.from({ length: 10 }, () => exec(client, "sleep 0.3"));
    expect((await rejection(exec(client, "true"))).message).to.match(/open failure/);
    await Promise.all(ten);
    expect((await exec(client, "true")).code).to.equal(0);
    client.end();
  });

  it("takes its own key from root only, and shows its own host key", async () => {
    const other = generateKey().private;
    expect((await rejection(connect(node, { privateKey: other }))).message).to.match(
      /authentication methods failed/,
    );
    expect((await rejection(connect(node, { username: "daemon" }))).message).to.match(
      /authentication methods failed/,
    );
    let seen = "";
    const client = await connect(node, {
      hostVerifier: (key: Buffer) => {
        seen = `ssh-ed25519 ${key.toString("base64")}`;
        return true;
      },
    });
    expect(seen).to.equal(node.hostKey);
    client.end();
  });

  it("has a working flock", async () => {
    const lock = 'exec 9>"$PVE_POSTURE_ROOT/run/lock/lxc/pve-config-951.lock"; flock';
    const client = await connect(node);
    const holder = exec(client, `${lock} -w 5 9 && sleep 0.6`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await exec(client, `${lock} -n 9`)).code).to.equal(1);
    expect((await exec(client, `${lock} -w 5 9`)).code).to.equal(0);
    expect((await holder).code).to.equal(0);
    client.end();
  });
});

describe("the life of an embedded node", () => {
  it("leaves nothing behind, not even a command that still runs", async () => {
    const node = await startNode();
    const client = await connect(node);
    const pid = new Promise<number>((resolve) =>
      client.exec("sleep 300 & echo $!; wait", (_error, channel) =>
        channel.on("data", (chunk: Buffer) => resolve(Number(chunk.toString()))),
      ),
    );
    const running = await pid;
    await node.stop();
    await node.stop();
    expect(existsSync(node.root)).to.be.false;
    expect(await listening(node.port)).to.be.false;
    // The killed process may wait for init to collect it: that is no longer running.
    const { execFileSync } = await import("node:child_process");
    const state = (): string => {
      try {
        return execFileSync("ps", ["-o", "stat=", "-p", String(running)])
          .toString()
          .trim();
      } catch {
        return "";
      }
    };
    expect(state()).to.match(/^(Z.*)?$/);
    expect((await rejection(node.resume())).message).to.contain("stopped");
  });

  it("disappears and comes back on the same port", async () => {
    const node = await startNode();
    const client = await connect(node);
    const cut = new Promise<void>((resolve) => client.once("close", () => resolve()));
    await node.pause();
    await cut;
    expect(await listening(node.port)).to.be.false;
    await node.resume();
    expect((await once(node, "echo back")).stdout.toString()).to.equal("back\n");
    await node.stop();
  });

  it("stays apart from a second one", async () => {
    const [a, b] = await Promise.all([startNode({ hostname: "pve1" }), startNode({ hostname: "pve2" })]);
    expect((await once(a, 'cat "$PVE_POSTURE_ROOT/etc/hostname"')).stdout.toString()).to.equal("pve1\n");
    expect((await once(b, 'cat "$PVE_POSTURE_ROOT/etc/hostname"')).stdout.toString()).to.equal("pve2\n");
    expect(a.hostKey).not.to.equal(b.hostKey);
    expect((await rejection(connect(a, { privateKey: b.privateKey }))).message).to.match(/authentication/);
    await Promise.all([a.stop(), b.stop()]);
  });

  it("takes a port and a host key, and refuses a port in use without a trace", async () => {
    const hostKey = generateKey().private;
    const first = await startNode({ hostKey });
    expect((await rejection(startNode({ port: first.port }))).message).to.contain("EADDRINUSE");
    await first.stop();
    const second = await startNode({ hostKey, port: first.port });
    expect([second.port, second.hostKey]).to.deep.equal([first.port, first.hostKey]);
    await second[Symbol.asyncDispose]();
    expect(existsSync(second.root)).to.be.false;
  });
});
