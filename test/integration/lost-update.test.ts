import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { parseOptions } from "../../provider/container/conf.js";
import { repeats } from "../../provider/container/keys.js";
import { postureLines } from "../../provider/container/posture.js";
import { readConf, type PveConf, type PveSection } from "../../provider/container/reading/pve.js";
import { rewriteConf } from "../../provider/container/reading/rewrite.js";
import { Claims } from "../../provider/lifecycle/claims.js";
import { Lifecycle } from "../../provider/lifecycle/lifecycle.js";
import { Turns } from "../../provider/lifecycle/turns.js";
import { Nodes } from "../../provider/node/nodes.js";
import type { NodePool } from "../../provider/node/pool.js";
import { lxcContainerSecurity } from "../../provider/plan/lxc-container-security.js";
import { standInsFor, type StandIns } from "../../provider/testing/index.js";
import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";

const confFile = "/etc/pve/lxc/951.conf";
const lockFile = "/run/lock/lxc/pve-config-951.lock";

/** Rounds, over as many nodes as keep the processors busy while some of them wait. */
const rounds = process.env["PVE_POSTURE_FUZZ"] ? 1000 : 100;
const nodes = 4;

/** What the file holds before either has been at it. */
const original = `# by hand: 100%
arch: amd64
features: keyctl=1
memory: 512
net0: name=eth0,bridge=vmbr0
lxc.apparmor.profile = unconfined
lxc.prlimit.nofile: 1024
lxc.cap.drop: sys_time
lxc.cgroup2.devices.allow: c 10:200 rwm

[pve:pending]
swap: 0

[before]
memory: 256
lxc.cap.drop: sys_module
snaptime: 1
`;

/** Draws that are the same for the same seed. */
class Draws {
  constructor(private state: number) {}

  /** 0 to n - 1 (mulberry32) */
  below(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * n);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  some<T>(of: readonly T[]): T[] {
    return of.filter(() => this.below(2) === 1);
  }

  maybe<T extends object>(part: T): Partial<T> {
    return this.below(3) === 0 ? {} : part;
  }
}

/** What the program declares in one round. */
const declaration = (draws: Draws): LxcContainerSecurityInputs => ({
  node: "pve",
  vmid: 951,
  ...draws.maybe({ apparmorProfile: draws.one(["lxc-a", "unconfined"]) }),
  ...draws.maybe({ idmap: [{ type: "both" as const, container: 0, host: draws.one([100_000, 200_000]), count: 65_536 }] }),
  ...draws.maybe({ capDrop: draws.some(["sys_module", "sys_rawio", "mac_admin"]) }),
  ...draws.maybe({
    deviceRules: [
      ...draws.some([{ action: "deny" as const, rule: "a" }]),
      ...draws.some(["c 195:* rwm", "c 1:3 rw", "c 506:0 r"]).map((rule) => ({ action: "allow" as const, rule })),
    ],
  }),
  ...draws.maybe({ mountEntries: draws.some(["/ours/a a none bind", "/ours/b b none bind"]) }),
  ...draws.maybe({ features: { ...draws.maybe({ nesting: true }), ...draws.maybe({ keyctl: draws.one([true, false]) }) } }),
  ...draws.maybe({ raw: { "lxc.prlimit.nofile": draws.one(["1024", "4096"]), "lxc.environment": draws.some(["OURS=1", "OURS=2"]) } }),
});

/** What somebody does with `pct` and an editor; `n` makes each edit another. Snapshots copy what holds now, ours included. */
const edits: ((conf: PveConf, n: number, draws: Draws) => void)[] = [
  ({ main }, n) => void (main["memory"] = `${n}`),
  ({ main }, n) => void (main["tags"] = `t${n}`),
  ({ main }, n) => void (main["net0"] = `name=eth0,bridge=vmbr${n}`),
  ({ main }, n) => void (main["description"] = `edit ${n}: über\n`),
  ({ main }, n) => void (main["features"] = [...parseOptions(String(main["features"] ?? "")).set("fuse", `${n % 2}`)].map((pair) => pair.join("=")).join()),
  ({ pending }, n) => void (pending["swap"] = `${n}`),
  ({ main }, n, draws) => void (main.lxc ??= []).push(draws.one([
    ["lxc.environment", `THEIRS=${n}`], ["lxc.mount.entry", `/theirs/${n} t none bind`], ["lxc.cgroup2.devices.allow", `c 240:${n} rwm`], ["lxc.group", `g${n}`],
  ])),
  ({ main }) => {
    const theirs = main.lxc?.findIndex(([, value]) => /^THEIRS|^\/theirs|^c 240:|^g\d/.test(value)) ?? -1;
    if (theirs >= 0) main.lxc!.splice(theirs, 1);
  },
  ({ snapshots }) => void snapshots.delete([...snapshots.keys()][0]!),
];

/** As Proxmox VE writes: under its lock it reads the whole file, and renames another over it. */
class ProxmoxVE {
  /** the file as its edits alone would have made it */
  readonly alone = readConf(original).conf;
  private readonly lock: Lock;
  private n = 1000;

  constructor(
    private readonly node: StandIns,
    private readonly draws: Draws,
  ) {
    this.lock = new Lock(join(node.root, lockFile));
  }

  /** One to three edits, at random moments of so many milliseconds. */
  async edit(within: number): Promise<void> {
    const moments = Array.from({ length: 1 + this.draws.below(3) }, () => this.draws.below(within));
    await Promise.all(moments.map((moment) => sleep(moment).then(() => this.lock.hold(() => this.rewrite()))));
  }

  stop(): void {
    this.lock.close();
  }

  private async rewrite(): Promise<void> {
    const file = join(this.node.root, confFile);
    const { conf } = readConf(readFileSync(file, "latin1"));
    const n = this.n++;
    if (this.draws.below(10) === 0) {
      const snapshot: PveSection = { ...conf.main, snaptime: `${n}` };
      for (const { snapshots } of [conf, this.alone]) snapshots.set(`s${n}`, structuredClone(snapshot));
    } else {
      const edit = this.draws.one(edits);
      const seed = this.draws.below(1e9);
      for (const one of [conf, this.alone]) edit(one, n, new Draws(seed));
    }
    await sleep(this.draws.below(4));
    const temporary = `${file}.tmp.${process.pid}`;
    writeFileSync(temporary, rewriteConf(conf), { encoding: "latin1", flag: "wx" });
    renameSync(temporary, file);
  }
}

/** flock(2), which Node has not: perl holds it for us. */
class Lock {
  private readonly keeper: ChildProcess;
  private readonly answers: Interface;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    const program = '$| = 1; open(F, ">>", shift) or die; while (<STDIN>) { flock(F, /^lock/ ? LOCK_EX : LOCK_UN) or die; print "done\\n" }';
    this.keeper = spawn("perl", ["-MFcntl=:flock", "-e", program, path], { stdio: ["pipe", "pipe", "inherit"] });
    this.answers = createInterface(this.keeper.stdout!);
  }

  /** One at a time, as of several tasks of Proxmox VE. */
  hold(work: () => Promise<void>): Promise<void> {
    const held = this.turn.then(async () => {
      await this.ask("lock");
      await work().finally(() => this.ask("unlock"));
    });
    this.turn = held.catch(() => undefined);
    return held;
  }

  close(): void {
    this.keeper.stdin!.end();
  }

  private async ask(what: string): Promise<void> {
    this.keeper.stdin!.write(`${what}\n`);
    await once(this.answers, "line");
  }
}

/** The node's shell, without a connection; it counts how often somebody else was faster. */
class Shell {
  collisions = 0;

  constructor(private readonly node: StandIns) {}

  async run(_: string, script: string, stdin: Buffer) {
    const child = spawn("sh", ["-c", script], { env: this.node.env });
    child.stdin.end(stdin);
    const [stdout, stderr, [code]] = await Promise.all([buffer(child.stdout), buffer(child.stderr), once(child, "close")]);
    if (/^result 1\nrefused \d+ changed-meanwhile /.test(stdout.toString("latin1"))) this.collisions++;
    return { code: code as number | null, stdout, stderr };
  }
}

/** A file as it is read: raw lines of one key in their order, those of different keys in any. */
function meant({ main, ...others }: PveConf): string {
  const lxc = (main.lxc ?? []).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return rewriteConf({ ...others, main: { ...main, lxc } });
}

/** Raw lines by key, in any order: when ours are gone, `meant` looks at that too. */
function rawOf(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const keys = [...new Set(pairs.map(([key]) => key))].sort();
  return Object.fromEntries(keys.map((key) => [key, pairs.filter(([other]) => other === key).map(([, value]) => value).sort()]));
}

const featuresOn = (value: unknown): string[] => [...parseOptions(String(value ?? ""))].filter(([, on]) => on !== "0").map(([key]) => key).sort();

const others = (section: PveSection): PveSection =>
  Object.fromEntries(Object.entries(section).filter(([key]) => key !== "lxc" && key !== "features"));

/** Theirs is all there, ours is in force, and there is nothing else. */
function expectBoth(text: string, theirs: PveConf, ours: LxcContainerSecurityInputs | undefined): void {
  const { main, pending, snapshots } = readConf(text).conf;
  expect({ pending, snapshots }, "other sections").to.deep.equal({ pending: theirs.pending, snapshots: theirs.snapshots });
  expect(others(main), "properties").to.deep.equal(others(theirs.main));

  const options = { ...Object.fromEntries(featuresOn(theirs.main["features"]).map((key) => [key, true])), ...ours?.features };
  expect(featuresOn(main["features"]), "features").to.deep.equal(Object.keys(options).filter((key) => options[key as keyof typeof options]).sort());

  const { lxc: declared = [] } = readConf(ours ? postureLines(ours).map((line) => `${line}\n`).join("") : "").conf.main;
  const replaced = new Set(declared.map(([key]) => key).filter((key) => !repeats(key)));
  const kept = (theirs.main.lxc ?? []).filter(([key]) => !replaced.has(key));
  expect(rawOf(main.lxc ?? []), "raw lines").to.deep.equal(rawOf([...kept, ...declared]));

  const rules = (main.lxc ?? []).filter(([key]) => key.startsWith("lxc.cgroup2.devices."));
  if (ours?.deviceRules?.some(({ action }) => action === "deny")) expect(rules[0], "before all that it would undo").to.deep.equal(["lxc.cgroup2.devices.deny", "a"]);
}

/** Ours and theirs at the same time on one file, round after round; returns how often they met. */
async function race(seed: number, count: number, stop: AbortController): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), "pve-posture-race-"));
  const node = await standInsFor(root, { files: { [confFile]: original, "/sys/kernel/security/apparmor/profiles": "lxc-a (enforce)\n" } });
  const draws = new Draws(seed);
  const proxmox = new ProxmoxVE(node, new Draws(seed + 1));
  const shell = new Shell(node);
  const reached = new Nodes(shell as unknown as NodePool, 10);
  const life = new Lifecycle(lxcContainerSecurity, () => reached, () => ({ preview: "live", lockTimeoutSeconds: 10 }), new Claims(), new Turns());
  const read = () => readFileSync(join(root, confFile), "latin1");
  let mine: { id: string; outs: Record<string, unknown> } | undefined;

  const turn = async (inputs: LxcContainerSecurityInputs | undefined): Promise<void> => {
    if (!inputs) return mine && life.delete(mine.id, mine.outs).then(() => (mine = undefined));
    const { id, outs } = mine ? { id: mine.id, ...(await life.update(mine.id, mine.outs, { ...inputs })) } : await life.create({ ...inputs });
    expect(outs["drift"]).to.deep.equal([]);
    mine = { id, outs: JSON.parse(JSON.stringify(outs)) as typeof outs };
  };

  try {
    for (let round = 0; round < count && !stop.signal.aborted; round++) {
      const inputs = draws.below(6) === 0 || round === count - 1 ? undefined : declaration(draws);
      const before = read();
      await Promise.all([turn(inputs), proxmox.edit(150)]);
      try {
        expectBoth(read(), proxmox.alone, inputs);
        if (!inputs) expect(meant(readConf(read()).conf), "as theirs alone would be").to.equal(meant(proxmox.alone));
      } catch (error) {
        const where = `round ${round} of seed ${seed}, ${JSON.stringify(inputs ?? "delete")}\n--- before\n${before}--- after\n${read()}`;
        throw new Error(`${(error as Error).message}: ${where}--- theirs alone\n${rewriteConf(proxmox.alone)}`, { cause: error });
      }
    }
  } catch (error) {
    stop.abort();
    throw error;
  } finally {
    proxmox.stop();
    rmSync(root, { recursive: true, force: true });
  }
  return shell.collisions;
}

describe("our edits and Proxmox VE's own, at the same time", () => {
  const { log } = console;
  beforeEach(() => (console.log = () => undefined));
  afterEach(() => (console.log = log));

  it(`none is ever lost, in ${rounds} rounds`, async () => {
    const seed = Number(process.env["PVE_POSTURE_SEED"] ?? Math.floor(Math.random() * 1e6));
    log(`      seed ${seed} (PVE_POSTURE_SEED)`);
    const stop = new AbortController();
    const races = await Promise.allSettled(Array.from({ length: nodes }, (_, i) => race(seed + 10 * i, rounds / nodes, stop)));
    const failed = races.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
    const collisions = races.reduce((sum, one) => sum + (one.status === "fulfilled" ? one.value : 0), 0);
    log(`      ${collisions} times the other had been faster, and ours began anew`);
    expect(collisions, "where they never meet, nothing is proved").to.be.above(rounds / 20);
  }).timeout(rounds * 1000);
});
