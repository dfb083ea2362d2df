import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PostureError } from "../../provider/errors.js";
import { Claims } from "../../provider/lifecycle/claims.js";
import { Lifecycle } from "../../provider/lifecycle/lifecycle.js";
import { RecentProfiles } from "../../provider/lifecycle/recent.js";
import { Turns } from "../../provider/lifecycle/turns.js";
import { Nodes } from "../../provider/node/nodes.js";
import { NodePool } from "../../provider/node/pool.js";
import { readSettings } from "../../provider/node/settings.js";
import { appArmorProfile } from "../../provider/plan/apparmor-profile.js";
import { lxcContainerSecurity } from "../../provider/plan/lxc-container-security.js";
import { startNode, type EmbeddedNode, type EmbeddedNodeOptions } from "../../provider/testing/index.js";

type Props = Record<string, unknown>;

const path = "/etc/pve/lxc/951.conf";
const conf = [
  "arch: amd64", "hostname: a", "mp0: /srv/models,mp=/models", "rootfs: local-zfs:subvol-951-disk-0,size=8G", "unprivileged: 1",
  "lxc.cgroup2.devices.allow: c 7:* rwm", "", "[snap]", "arch: amd64", "unprivileged: 1", "",
].join("\n");
const profiles = "lxc-a (enforce)\nlxc-b (enforce)\n";

/** A running container, or a stopped one, on an embedded node by SSH; and what the engine would call. */
class World {
  said: string[] = [];
  private constructor(
    readonly node: EmbeddedNode,
    readonly nodes: Nodes,
    readonly security: Lifecycle<never, never, never>,
    readonly profile: Lifecycle<never, never, never>,
  ) {}

  static async start(options: EmbeddedNodeOptions = {}, others: Record<string, EmbeddedNode> = {}): Promise<World> {
    const node = await startNode({ hostname: "pve", ...options, files: { [path]: conf, "/sys/kernel/security/apparmor/profiles": profiles, ...options.files } });
    const known = Object.fromEntries(Object.entries(others).map(([name, { settings }]) => [name, settings]));
    const env = { PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings, ...known }), PVE_POSTURE_SSH_CONFIG: "none", PVE_POSTURE_LOCK_TIMEOUT_SECONDS: "1" };
    const settings = readSettings(() => undefined, env);
    const nodes = new Nodes(new NodePool(settings), 1, settings);
    const shared = [() => nodes, () => settings, new Claims(), new Turns(), new RecentProfiles()] as const;
    const make = (kind: unknown) => new Lifecycle(kind as never, ...shared) as Lifecycle<never, never, never>;
    return new World(node, nodes, make(lxcContainerSecurity), make(appArmorProfile));
  }

  pct(...args: string[]): string {
    const env = { ...process.env, PVE_POSTURE_ROOT: this.node.root, PATH: `${this.node.root}/.stand-ins/bin:${process.env["PATH"]}` };
    return execFileSync("pct", args, { env, stdio: ["ignore", "pipe", "pipe"] }).toString().trim();
  }

  at = (file: string) => join(this.node.root, file);
  conf = () => this.node.read(path);

  async stop(): Promise<void> {
    await this.nodes.close();
    await this.node.stop();
  }
}

const declare = (more: Props = {}): Props => ({ node: "pve", vmid: 951, apparmorProfile: "lxc-a", ...more });
const map = (host: number) => [{ type: "both", container: 0, host, count: 65536 }];

async function failure(work: Promise<unknown>): Promise<PostureError> {
  const error = await work.then(() => undefined, (reason: unknown) => reason);
  expect(error).to.be.instanceOf(PostureError);
  return error as PostureError;
}

describe("the life of a container's posture, over SSH", function () {
  this.timeout(60_000);
  let world: World;
  let said: string[];
  const { log } = console;
  beforeEach(() => {
    said = [];
    console.log = (text: string) => void said.push(text);
  });
  afterEach(async () => {
    console.log = log;
    await world.stop();
  });

  it("what the running container has is told beside what is declared, and what waits for a restart", async () => {
    world = await World.start();
    world.pct("start", "951");
    const { outs } = await world.security.create(declare({ limits: { nofile: 1024 } }));
    expect(outs["live"]).to.deep.include({ profile: "lxc-951_</var/lib/lxc>", idmap: [{ type: "u", container: 0, host: 100000, count: 65536 }, { type: "g", container: 0, host: 100000, count: 65536 }] });
    expect(outs["waitsForRestart"]).to.deep.equal([
      "it runs under the profile lxc-951_</var/lib/lxc>, not lxc-a", "lxc.prlimit.nofile: 1024", "its configuration was changed since it was started",
    ]);
    expect(said.join("\n")).to.contain("takes effect when it is restarted (`pct reboot 951`)");
    world.pct("reboot", "951");
    const { props } = await world.security.read("id", outs);
    expect([props["waitsForRestart"], (props["live"] as Props)["profile"], props["owner"]]).to.deep.equal([[], "lxc-a", "pve"]);
  });

  it("restart: if-running", async () => {
    world = await World.start();
    const first = await world.security.create(declare({ restart: "if-running" }));
    expect(world.pct("status", "951"), "a stopped one stays so").to.equal("status: stopped");
    world.pct("start", "951");
    const next = declare({ apparmorProfile: "lxc-b", restart: "if-running" });
    const { outs } = await world.security.update(first.id, first.outs, next);
    expect(outs["live"]).to.include({ profile: "lxc-b", mode: "enforce" });
    expect(outs["waitsForRestart"]).to.deep.equal([]);
    expect(await world.security.diff(first.id, outs, next)).to.deep.equal({ changes: false });
  });

  it("restart: always", async () => {
    world = await World.start();
    const { id, outs } = await world.security.create(declare({ restart: "always" }));
    expect([outs["running"], world.pct("status", "951")]).to.deep.equal([true, "status: running"]);
    world.pct("stop", "951");
    expect(await world.security.diff(id, outs, declare({ restart: "always" })), "without a change it is left alone").to.deep.equal({ changes: false });
  });

  it("a change that waited is made up for once a restart is declared", async () => {
    world = await World.start();
    world.pct("start", "951");
    const { id, outs } = await world.security.create(declare());
    const restarting = declare({ restart: "if-running" });
    expect(await world.security.diff(id, outs, { ...restarting, __preview: true })).to.deep.equal({ changes: true });
    expect(said.at(-1)).to.contain("it is restarted for it");
    const updated = await world.security.update(id, outs, restarting);
    expect((updated.outs["live"] as Props)["profile"]).to.equal("lxc-a");
  });

  it("a container that does not come up gets back what it had, its profile too", async () => {
    const before = "profile lxc-c {\n  /srv/x r,\n}\n";
    const after = before.replace(" r,", " w,");
    const pct = `#!/bin/sh\nif [ "$1" = start ] && grep -q 'lxc-c' "$PVE_POSTURE_ROOT${path}" && grep -q ' w,' "$PVE_POSTURE_ROOT/etc/apparmor.d/lxc-c"; then echo "startup for container '951' failed" >&2; exit 1; fi\nexec "$PVE_POSTURE_ROOT/real-pct" "$@"\n`;
    const whole = await World.start();
    const real = (await whole.node.read("/.stand-ins/bin/pct"))!;
    await whole.stop();
    world = await World.start({
      standIns: { pct },
      files: { "/etc/apparmor.d/lxc-c": before, "/sys/kernel/security/apparmor/profiles": `${profiles}lxc-c (enforce)\n` },
    });
    await world.node.write("/real-pct", { content: real.replaceAll(whole.node.root, world.node.root), mode: 0o755 });
    world.pct("start", "951");
    await world.profile.create({ node: "pve", name: "lxc-c", profile: after });
    const error = await failure(world.security.create(declare({ apparmorProfile: "lxc-c", restart: "if-running" })));
    expect(error.code).to.equal("restart-failed");
    expect(error.message).to.contain("did not start").and.contain("startup for container '951' failed").and.contain("as it was before. It runs again");
    expect([await world.conf(), await world.node.read("/etc/apparmor.d/lxc-c"), world.pct("status", "951")]).to.deep.equal([conf, before, "status: running"]);
  });

  it("exclusive families: lines of others are removed, given back in the end, and drift from then on", async () => {
    world = await World.start();
    const wish = declare({ apparmorProfile: undefined, deviceRules: [{ action: "deny", rule: "c 9:* rwm" }], exclusive: ["deviceRules"] });
    const { id, outs } = await world.security.create(wish);
    const alone = conf.replace("allow: c 7:* rwm", "deny: c 9:* rwm");
    expect(await world.conf()).to.equal(alone);
    await world.node.write(path, alone.replace("\n\n[snap]", "\nlxc.cgroup2.devices.allow: c 8:* rwm\n\n[snap]"));
    expect((await world.security.read(id, outs)).props["drift"]).to.deep.equal(["in the way: lxc.cgroup2.devices.allow: c 8:* rwm"]);
    const updated = await world.security.update(id, outs, wish);
    expect(await world.conf()).to.equal(alone);
    await world.security.delete(id, updated.outs);
    expect(await world.conf()).to.equal(conf);
  });

  it("that no profile is named is declared too: one of two resources that goes gives no other name back", async () => {
    const open = conf.replace("lxc.cgroup2", "lxc.apparmor.profile: unconfined\nlxc.cgroup2");
    world = await World.start({ files: { [path]: open } });
    const one = await world.security.create(declare({ apparmorProfile: "generated" }));
    expect(await world.conf()).to.equal(conf);
    await world.security.create(declare({ apparmorProfile: "generated" }));
    await world.security.delete(one.id, one.outs);
    expect(await world.conf()).to.equal(conf);
  });

  describe("another map", () => {
    const shift = { shiftOwnership: true };
    before(function () {
      if (process.getuid?.() === 0) return;
      console.log("      skipped: changing owners takes root");
      this.skip();
    });

    /** Files of a root file system that `pct mount` shows. */
    const tree = (uid: number) => {
      const root = world.at("/var/lib/lxc/951/rootfs");
      mkdirSync(join(root, "home"), { recursive: true });
      writeFileSync(join(root, "home/file"), "");
      for (const file of ["", "home", "home/file"]) chownSync(join(root, file), uid, uid);
      return () => ["", "home", "home/file"].map((file) => statSync(join(root, file)).uid - uid);
    };

    it("is refused with the numbers where files belong to the former one", async () => {
      world = await World.start();
      const error = await failure(world.security.create(declare({ idmap: map(200000) })));
      expect(error.message).to.contain("uid 100000 to 165535 → 200000 to 265535").and.contain("shiftOwnership");
      expect(await world.conf()).to.equal(conf);
    });

    it("changes their owners where that is declared, and back", async () => {
      world = await World.start();
      const moved = tree(100000);
      const { id, outs } = await world.security.create(declare({ idmap: map(200000), ...shift }));
      expect(moved()).to.deep.equal([100000, 100000, 100000]);
      expect(await world.conf()).to.contain("lxc.idmap: u 0 200000 65536").and.not.contain("lock:");
      expect(said.join("\n")).to.contain("the owners of 3 files are changed");
      await world.security.delete(id, outs);
      expect([moved(), await world.conf()]).to.deep.equal([[0, 0, 0], conf]);
      expect(await world.node.exists("/var/lib/pve-posture/shift-951")).to.be.false;
    });

    it("a running container is stopped for it, and started again with its new ids", async () => {
      world = await World.start();
      world.pct("start", "951");
      tree(100000);
      expect((await failure(world.security.create(declare({ idmap: map(200000), ...shift })))).message).to.contain("is running");
      const { outs } = await world.security.create(declare({ idmap: map(200000), ...shift, restart: "if-running" }));
      expect(outs["live"]).to.deep.include({ profile: "lxc-a", idmap: [{ type: "u", container: 0, host: 200000, count: 65536 }, { type: "g", container: 0, host: 200000, count: 65536 }] });
    });

    it("a container that does not come up with it gets its former owners back", async () => {
      world = await World.start({ files: { "/sys/kernel/security/apparmor/profiles": "lxc-a (enforce)\n" } });
      const moved = tree(100000);
      world.pct("start", "951");
      // the kernel's list says another mode of `start` than the label that is expected
      const pct = (await world.node.read("/.stand-ins/bin/pct"))!;
      await world.node.write("/.stand-ins/bin/pct", { content: pct.replace('label=$(grep', 'grep -q 200000 "$root/var/lib/lxc/$vmid/config" && label=lxc-z || label=$(grep'), mode: 0o755 });
      const error = await failure(world.security.create(declare({ idmap: map(200000), ...shift, restart: "if-running", restartTimeoutSeconds: 1 })));
      expect(error.message).to.contain("AppArmor label «lxc-z»");
      expect([moved(), await world.conf(), world.pct("status", "951")]).to.deep.equal([[0, 0, 0], conf, "status: running"]);
    });

    it("a shift that was interrupted is gone on with, or undone", async () => {
      for (const [declared, expected] of [[200000, 100000], [100000, 0]] as const) {
        world = await World.start();
        const moved = tree(100000);
        const entries = (host: number) => ["u", "g"].map((type) => ({ type: type as "u" | "g", container: 0, host, count: 65536 }));
        await world.nodes.shift("pve", { do: "shift", vmid: 951, from: entries(100000), to: entries(200000), binds: ["models"], volumes: [] }, () => {});
        expect(world.pct("config", "951")).to.contain("lock: disk");
        await world.security.create(declare({ idmap: map(declared), ...shift }));
        expect(moved()).to.deep.equal([expected, expected, expected]);
        expect(await world.conf()).to.contain(`lxc.idmap: u 0 ${declared} 65536`).and.not.contain("lock:");
        if (declared === 200000) await world.stop();
      }
    });
  });

  it("a container that ran before its shift was interrupted runs again", async function () {
    if (process.getuid?.() !== 0) return this.skip();
    world = await World.start();
    const entries = (host: number) => ["u", "g"].map((type) => ({ type: type as "u" | "g", container: 0, host, count: 65536 }));
    await world.nodes.shift("pve", { do: "shift", vmid: 951, from: entries(100000), to: entries(200000), binds: ["models"], volumes: [], running: true }, () => {});
    expect(() => world.pct("start", "951"), "it is locked meanwhile").to.throw(/locked \(disk\)/);
    const { outs } = await world.security.create(declare({ idmap: map(200000), shiftOwnership: true, restart: "if-running" }));
    expect(outs["running"]).to.equal(true);
    expect(outs["live"]).to.include({ profile: "lxc-a" });
  });

  it("other work on a locked container says what locks it, and what not to do", async () => {
    world = await World.start({ files: { [path]: `lock: disk\n${conf}`, "/var/lib/pve-posture/shift-951": "from u 0 100000 65536\nto u 0 200000 65536\nphase 1" } });
    const error = await failure(world.security.create(declare()));
    expect(error.message).to.contain("another map is declared now");
  });

  it("where putting back fails, what was done is not lost", async () => {
    const whole = await World.start();
    const real = (await whole.node.read("/.stand-ins/bin/pct"))!;
    await whole.stop();
    const pct = `#!/bin/sh\n[ "$1" != start ] || echo 'memory: 1' >> "$PVE_POSTURE_ROOT${path}"\nexec "$PVE_POSTURE_ROOT/real-pct" "$@"\n`;
    world = await World.start({ standIns: { pct } });
    await world.node.write("/real-pct", { content: real.replaceAll(whole.node.root, world.node.root).replace('label=$(grep', "label=lxc-z; : $(grep"), mode: 0o755 });
    const error = (await failure(world.security.create(declare({ restart: "always", restartTimeoutSeconds: 1 })))) as PostureError & { id?: string; properties?: Props };
    expect(error.message).to.contain("Not put back");
    expect(error.properties!["ledger"]).to.have.nested.property("conf.inserted").that.has.length(1);
  });

  it("ids are granted, and taken back when the last container that needs them goes", async () => {
    const other = "/etc/pve/lxc/952.conf";
    const bare = "arch: amd64\nunprivileged: 1\n";
    world = await World.start({ files: { [path]: bare, [other]: bare, "/etc/subuid": "root:100000:65536\nadmin:500000:65536" } });
    const wish = (vmid: number) => ({ node: "pve", vmid, idmap: map(300000), grantSubids: true });
    const [one, two] = [await world.security.create(wish(951)), await world.security.create(wish(952))];
    const granted = "root:100000:65536\nadmin:500000:65536\nroot:300000:65536\n";
    expect([await world.node.read("/etc/subuid"), await world.node.read("/etc/subgid")]).to.deep.equal([granted, "root:300000:65536\n"]);
    await world.security.delete(one.id, one.outs);
    expect(await world.node.read("/etc/subuid"), "the other still needs them").to.equal(granted);
    await world.security.delete(two.id, two.outs);
    expect([await world.node.read("/etc/subuid"), await world.node.exists("/etc/subgid")]).to.deep.equal(["root:100000:65536\nadmin:500000:65536", false]);
  });

  describe("a container that has migrated", () => {
    const migrated = { "/etc/pve/nodes/pve2/lxc/951.conf": conf };

    it("is followed to the node that the settings know", async () => {
      const other = await startNode({ hostname: "pve2", files: { [path]: conf, "/sys/kernel/security/apparmor/profiles": profiles } });
      world = await World.start({}, { pve2: other });
      const { id, outs } = await world.security.create(declare());
      await world.node.remove(path);
      await world.node.write("/etc/pve/nodes/pve2/lxc/951.conf", conf);
      expect(await world.security.diff(id, outs, declare())).to.deep.equal({ changes: true });
      const updated = await world.security.update(id, outs, declare());
      expect([updated.outs["owner"], await other.read(path)]).to.deep.equal(["pve2", conf.replace("\n\n", "\nlxc.apparmor.profile: lxc-a\n\n")]);
      await world.security.delete(id, updated.outs);
      expect(await other.read(path)).to.equal(conf);
      await other.stop();
    });

    it("is an error that names its node where they don't, or mean another machine", async () => {
      const other = await startNode({ hostname: "elsewhere" });
      world = await World.start({ files: migrated }, { pve2: other });
      await world.node.remove(path);
      expect(await failure(world.security.create(declare()))).to.include({ code: "container-elsewhere" }).and.have.property("message").that.contains("on node pve2");
      await other.stop();
    });
  });

  const refused: [name: string, wish: Props, says: RegExp][] = [
    ["a container that is not as privileged as declared", { unprivileged: false }, /is unprivileged, and is declared not to be\n.*--unprivileged 0/],
    ["a mount point that is not there", { mountPoints: { mp3: { ro: true } } }, /has no mp3, of which `mountPoints` declares options/],
    ["a seccomp profile that is not there", { seccompProfile: "/etc/none" }, /\/etc\/none is not there/],
    ["a profile that is not loaded", { apparmorProfile: "lxc-nowhere" }, /lxc-nowhere is not loaded/],
    ["deny-all without an allow", { deviceRules: [{ action: "deny", rule: "a" }], exclusive: ["deviceRules"] }, /contradicts itself: .*denies nothing/],
    ["more than /etc/pve can hold", { mountEntries: Array.from({ length: 20 }, (_, i) => `/srv/${"x".repeat(60_000)}${i} srv/${i} none bind`) }, /\/etc\/pve holds no file of more than 1048576/],
  ];
  for (const [name, wish, says] of refused) {
    it(`refused: ${name}`, async () => {
      world = await World.start();
      expect((await failure(world.security.create(declare(wish)))).message).to.match(says);
      expect(await world.conf()).to.equal(conf);
    });
  }
});
