import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PostureError } from "../../provider/errors.js";
import { Claims } from "../../provider/lifecycle/claims.js";
import { Lifecycle } from "../../provider/lifecycle/lifecycle.js";
import { RecentProfiles } from "../../provider/lifecycle/recent.js";
import { Turns } from "../../provider/lifecycle/turns.js";
import { Nodes, recallMs } from "../../provider/node/nodes.js";
import { NodePool } from "../../provider/node/pool.js";
import { readSettings } from "../../provider/node/settings.js";
import { appArmorProfile } from "../../provider/plan/apparmor-profile.js";
import { lxcContainerSecurity } from "../../provider/plan/lxc-container-security.js";
import { standInsFor } from "../../provider/testing/index.js";
import { startSshd, type Sshd } from "../support/sshd.js";

type Props = Record<string, unknown>;
type Direction = "up" | "down";

const conf = "arch: amd64\nunprivileged: 1\n";
const profile = "profile lxc-a {\n  /srv/** r,\n}\n";
const paths = { conf: "/etc/pve/lxc/951.conf", firewall: "/etc/pve/firewall/951.fw", profile: "/etc/apparmor.d/lxc-a", list: "/sys/kernel/security/apparmor/profiles" };
/** The numbers of bytes after which the connection is cut, for each direction. */
const points = process.env["PVE_POSTURE_FUZZ"] ? 150 : 12;

/** Stands between, counts, and cuts its first connection off after so many bytes of one direction. */
class Cutter {
  bytes = { up: 0, down: 0 };
  private limit?: { direction: Direction; bytes: number };
  private readonly sockets = new Set<Socket>();
  private constructor(private readonly server: Server) {}

  static async start(port: number): Promise<Cutter> {
    const cutter: Cutter = new Cutter(createServer((client) => cutter.join(client, connect(port, "127.0.0.1"))).listen(0, "127.0.0.1"));
    await once(cutter.server, "listening");
    return cutter;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  cut(direction: Direction, bytes: number): void {
    this.bytes = { up: 0, down: 0 };
    this.limit = { direction, bytes };
  }

  /** whether it was */
  get done(): boolean {
    return this.limit === undefined;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(client: Socket, server: Socket): void {
    const both = [client, server];
    const end = () => both.forEach((socket) => socket.destroy());
    const pass = (from: Socket, to: Socket, direction: Direction) => {
      this.sockets.add(from);
      from.setNoDelay(true).on("error", end).on("close", () => (this.sockets.delete(from), end()));
      from.on("data", (data: Buffer) => {
        const rest = this.limit?.direction === direction ? this.limit.bytes - this.bytes[direction] : Infinity;
        this.bytes[direction] += data.length;
        to.write(data.subarray(0, rest));
        if (data.length < rest) return;
        this.limit = undefined;
        // what was let through is still delivered
        to.end(() => setTimeout(end, 5));
      });
    };
    pass(client, server, "up");
    pass(server, client, "down");
  }
}

describe("a connection that is cut after any number of bytes", function () {
  this.timeout(600_000);
  const root = mkdtempSync(join(tmpdir(), "pve-posture-cut-"));
  const at = (path: string) => join(root, path);
  const read = (path: string) => (existsSync(at(path)) ? readFileSync(at(path), "latin1") : undefined);
  let sshd: Sshd;
  let cutter: Cutter;
  const { log } = console;

  before(async function () {
    const { env } = await standInsFor(root, { files: { [paths.conf]: conf } });
    const started = await startSshd({ setEnv: { ...env, TMPDIR: at("/tmp") }, config: ["MaxStartups 100"] });
    if (!started) return this.skip();
    sshd = started;
    cutter = await Cutter.start(sshd.port);
  });
  beforeEach(() => (console.log = () => {}));
  afterEach(() => (console.log = log));
  after(async () => {
    cutter?.close();
    await sshd?.close();
    rmSync(root, { recursive: true, force: true });
  });

  const reset = () => {
    writeFileSync(at(paths.conf), conf);
    for (const path of [paths.firewall, paths.profile]) rmSync(at(path), { force: true });
    writeFileSync(at(paths.list), "");
  };

  /** One run of the program, as a process of its own would do it: both resources, one after the other. */
  const up = async (states: Record<string, { id: string; outs: Props }>): Promise<Error | undefined> => {
    const node = { host: "127.0.0.1", port: cutter.port, user: sshd.user, privateKey: sshd.privateKey, hostKey: sshd.hostKeyLine, sudo: false, agent: false };
    const settings = readSettings(() => undefined, { PVE_POSTURE_NODES: JSON.stringify({ pve: node }), PVE_POSTURE_SSH_CONFIG: "none", PVE_POSTURE_LOCK_TIMEOUT_SECONDS: "5" });
    const nodes = new Nodes(new NodePool(settings), 5, settings, recallMs);
    const shared = [() => nodes, () => settings, new Claims(), new Turns(), new RecentProfiles()] as const;
    const make = (kind: unknown) => new Lifecycle(kind as never, ...shared) as Lifecycle<never, never, never>;
    const declared: [string, Lifecycle<never, never, never>, Props][] = [
      ["profile", make(appArmorProfile), { node: "pve", name: "lxc-a", profile }],
      ["security", make(lxcContainerSecurity), { node: "pve", vmid: 951, apparmorProfile: "lxc-a", capDrop: ["sys_module"], firewall: { enable: true } }],
    ];
    try {
      for (const [name, lifecycle, inputs] of declared) {
        const state = states[name];
        try {
          if (!state) states[name] = await lifecycle.create(inputs);
          else if ((await lifecycle.diff(state.id, state.outs, inputs)).changes) states[name] = { id: state.id, outs: (await lifecycle.update(state.id, state.outs, inputs)).outs };
        } catch (error) {
          expect(error).to.be.instanceOf(PostureError);
          const { id = state?.id, properties } = error as { id?: string; properties?: Props };
          // of a partial failure the engine keeps what it carries
          if (id !== undefined && properties) states[name] = { id, outs: properties };
          return error as PostureError;
        }
      }
      return undefined;
    } finally {
      await nodes.close();
    }
  };

  const wanted = () => ({ conf: `${conf}lxc.apparmor.profile: lxc-a\nlxc.cap.drop: sys_module\n`, firewall: "[OPTIONS]\nenable: 1\n", profile, list: "lxc-a (enforce)\n" });
  const found = () => Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, read(path)]));

  /** everything that one of ours could have left */
  const leftovers = () => [
    ...readdirSync(at("/tmp")),
    ...["/etc/pve/lxc", "/etc/pve/firewall", "/etc/apparmor.d", "/var/lib/pve-posture"].flatMap((folder) =>
      existsSync(at(folder)) ? readdirSync(at(folder)).filter((name) => /\.tmp\.|^transaction-/.test(name)) : [],
    ),
  ];
  const free = (lock: string) => spawnSync("flock", ["-n", at(lock), "true"]).status === 0;

  it("leaves each file wholly old or wholly new, and the next update converges", async () => {
    reset();
    cutter.cut("up", Infinity);
    expect(await up({})).to.be.undefined;
    const target = found();
    expect(target).to.deep.equal(wanted());
    const total = { ...cutter.bytes };
    const seen = { failed: 0, mended: 0, untouched: 0, done: 0 };
    for (const direction of ["up", "down"] as const) {
      for (let point = 0; point < points; point++) {
        const bytes = Math.max(1, Math.round((total[direction] * point) / points));
        const where = `cut after ${bytes} of ${total[direction]} bytes ${direction}`;
        reset();
        const before = found();
        cutter.cut(direction, bytes);
        const states: Parameters<typeof up>[0] = {};
        const error = await up(states);
        expect(cutter.done, where).to.be.true;
        // the far side may still be at it
        for (let tries = 0; tries < 100 && leftovers().length > 0; tries++) await delay(20);
        const now = found();
        for (const name of Object.keys(paths)) expect([before[name], target[name]], `${where}: ${name}`).to.include(now[name]);
        seen[!error ? "mended" : JSON.stringify(now) === JSON.stringify(before) ? "untouched" : "done"]++;
        if (error) seen.failed++;
        const again = await up(states);
        expect(again?.message, where).to.be.undefined;
        expect(found(), where).to.deep.equal(target);
        expect(leftovers(), where).to.deep.equal([]);
        expect([free("/run/lock/lxc/pve-config-951.lock"), free("/run/lock/pve-posture-profile-lxc-a.lock")], where).to.deep.equal([true, true]);
      }
    }
    log(`      ${2 * points} cuts: ${seen.mended} mended within the update, ${seen.untouched} failed with nothing changed, ${seen.done} failed with part of it done`);
    expect(seen.failed, "cuts that showed").to.be.above(0);
    expect(seen.mended, "cuts that did not").to.be.above(0);
  });
});
