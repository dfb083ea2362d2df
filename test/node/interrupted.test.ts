import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { nodeScripts } from "../../provider/node/node-scripts.js";
import { decodeRepairs, repairNotes } from "../../provider/node/repair.js";
import type { Step } from "../../provider/plan/steps.js";
import { pct } from "../../provider/testing/programs/pct.js";
import { applyScript, Place, transaction } from "../support/place.js";

const confFile = "/etc/pve/lxc/951.conf";
const firewall = "/etc/pve/firewall/951.fw";
const profileFile = "/etc/apparmor.d/lxc-a";
const kernelList = "/sys/kernel/security/apparmor/profiles";
const conf = "arch: amd64\nunprivileged: 1\n";
const profile = (rule: string) => `profile lxc-a {\n  ${rule}\n}\n`;
const lock: Step = { do: "lock", path: "/run/lock/lxc/pve-config-951.lock" };
const ours: Step = { do: "lock", path: "/run/lock/pve-posture.lock" };

/** The programs that the scripts call, each told apart by its number since the start. */
const called = "cat sed tail head wc tr mv rm mkdir mktemp cp cmp sync flock sort grep awk id date".split(" ");
/** Before the program whose number stands in /kill-at, everything is killed that runs for us: the shells, and what they started. */
const counting = (program: string) => `#!/bin/sh
cd "$PVE_POSTURE_ROOT/.stand-ins/called" 2> /dev/null || exec ${program} "$@"
set -C
n=1
# no two have the same
until true > $n; do n=$((n + 1)); done 2> /dev/null
if [ $n = "\${PVE_POSTURE_KILL_AT-}" ]; then
  read -r stat < /proc/$$/stat
  set -- \${stat##*) }
  kill -9 -$3
fi
cd "$OLDPWD"
exec ${program} "$@"
`;

/** Runs the script in a group of its own, killed before the n-th program; how many were called, where that were fewer. */
function killedAt(place: Place, n: number, input: Buffer): Promise<number | undefined> {
  const counted = place.at("/.stand-ins/called");
  mkdirSync(counted);
  const env = { ...place.env, PATH: `${place.at("/.stand-ins/counting")}:${place.env["PATH"]}`, PVE_POSTURE_KILL_AT: String(n) };
  const child = spawn("sh", ["-c", applyScript], { detached: true, env });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  child.stdout.resume();
  child.stderr.resume();
  return new Promise((resolve) =>
    child.on("close", (_code, signal) => {
      const calls = readdirSync(counted).length;
      rmSync(counted, { recursive: true });
      resolve(signal === "SIGKILL" ? undefined : calls);
    }),
  );
}

const repair = (place: Place) => {
  const { stdout, stderr } = place.run(nodeScripts.repair, Buffer.alloc(0));
  expect(stderr).to.equal("");
  return decodeRepairs(stdout);
};

interface Case {
  name: string;
  files: Record<string, string>;
  loaded: boolean;
  standIns?: Record<string, string>;
  steps: Step[];
  /** what the steps are refused with, where they don't end well */
  refused?: string;
}

const cases: Case[] = [
  {
    name: "two files and a profile",
    files: { [confFile]: conf, [profileFile]: profile("/old r,") },
    loaded: true,
    steps: [
      lock,
      ours,
      { do: "file", path: confFile, before: conf, after: `${conf}lxc.cap.drop: sys_module\n` },
      { do: "file", path: firewall, before: undefined, after: "[RULES]\n" },
      { do: "file", path: profileFile, before: profile("/old r,"), after: profile("/new r,") },
      { do: "check", profile: "lxc-a" },
      { do: "load", profile: "lxc-a", path: profileFile },
    ],
  },
  {
    name: "a new profile",
    files: { [confFile]: conf },
    loaded: false,
    steps: [
      ours,
      { do: "file", path: profileFile, before: undefined, after: profile("/new r,") },
      { do: "check", profile: "lxc-a" },
      { do: "load", profile: "lxc-a", path: profileFile },
    ],
  },
  {
    name: "a profile that goes",
    files: { [confFile]: conf, [profileFile]: profile("/old r,") },
    loaded: true,
    steps: [
      ours,
      { do: "unused", profile: "lxc-a" },
      { do: "unload", profile: "lxc-a", path: profileFile },
      { do: "file", path: profileFile, before: profile("/old r,"), after: undefined },
    ],
  },
  {
    name: "what fails halfway, and is undone",
    files: { [confFile]: conf, [firewall]: "[RULES]\n" },
    loaded: false,
    standIns: { mv: '#!/bin/sh\ncase $* in *951.fw.tmp.*) exit 1 ;; esac\nexec /bin/mv "$@"\n' },
    steps: [
      lock,
      { do: "file", path: confFile, before: conf, after: `${conf}lxc.cap.drop: sys_module\n` },
      { do: "file", path: firewall, before: "[RULES]\n", after: "[OPTIONS]\n" },
    ],
    refused: "node-failed",
  },
];

/** Kills what runs for us, after the program it is named for has done its work once more than so many times. */
const deadly = (program: string) => `#!/bin/sh
/bin/${program} "$@" || exit
case $* in */pve-posture/*) exit 0 ;; esac
[ -n "\${PVE_POSTURE_DEADLY-}" ] || exit 0
read -r stat < /proc/$$/stat
set -- \${stat##*) }
kill -9 -$3
`;

/** Runs the steps, with what kills them where the stand-ins say so. */
async function killed(place: Place, steps: Step[], where = "1"): Promise<void> {
  const env = { ...place.env, PVE_POSTURE_DEADLY: where };
  const child = spawn("sh", ["-c", applyScript], { detached: true, stdio: ["pipe", "ignore", "ignore"], env });
  child.stdin.end(transaction(steps));
  await once(child, "close");
}

/** Killed when the first file is written. */
async function halfway(steps: Step[], files: Record<string, string>, standIns: Record<string, string> = {}): Promise<Place> {
  const place = await Place.make({ files, standIns: { mv: deadly("mv"), ...standIns } });
  place.write(kernelList, files[profileFile] === undefined ? "" : "lxc-a (enforce)\n");
  await killed(place, steps);
  return place;
}

/** Every step where many cases are tried, else every eighth. */
const stride = process.env["PVE_POSTURE_FUZZ"] ? 1 : 8;

describe("a transaction that is killed (kill -9) at every step of its script", function () {
  this.timeout(120_000);

  for (const { name, files, loaded, standIns, steps, refused } of cases) {
    it(name, async () => {
      const place = await Place.make({ files, standIns });
      mkdirSync(place.at("/.stand-ins/counting"));
      for (const program of called) {
        const path = [join(place.node.path, program), join("/usr/bin", program), join("/bin", program)].find((path) => existsSync(path))!;
        writeFileSync(place.at(`/.stand-ins/counting/${program}`), counting(path), { mode: 0o755 });
      }
      const reset = () => {
        for (const path of [confFile, firewall, profileFile]) {
          if (files[path] !== undefined) place.write(path, files[path]);
          else if (existsSync(place.at(path))) unlinkSync(place.at(path));
        }
        place.write(kernelList, loaded ? "lxc-a (enforce)\n" : "");
      };
      reset();
      const before = place.everything();
      const outcome = place.apply(steps);
      if (refused) expect(outcome).to.include({ code: refused });
      else expect(outcome).to.equal("done");
      const after = place.everything();
      const seen = { before: 0, after: 0 };
      reset();
      const calls = (await killedAt(place, 0, transaction(steps)))!;
      for (const n of Array.from({ length: calls }, (_, i) => i + 1).filter((n) => n % stride === 0 || n > calls - 5)) {
        reset();
        if ((await killedAt(place, n, transaction(steps))) !== undefined) continue; // pipelines don't always call as many
        // the stand-in for the parser has a lock of its own, which no kernel lets go of
        rmSync(place.at("/.stand-ins/lock"), { recursive: true, force: true });
        const halfway = place.everything();
        for (const path of [confFile, firewall, profileFile]) {
          expect([before[path], after[path]], `${path}, killed before program ${n}`).to.include(halfway[path]);
        }
        repair(place);
        const now = place.everything();
        const was = !refused && isDeepStrictEqual(now, after) ? "after" : "before";
        expect(now, `killed before program ${n}`).to.deep.equal({ before, after }[was]);
        seen[was]++;
        // no lock is left, and the next one converges
        if (was === "before" && !refused) expect(place.apply(steps, [], 0), `after program ${n}`).to.equal("done");
      }
      expect(seen.before, "killed before it was done").to.be.above(20 / stride);
      if (!refused) expect(seen.after, "killed when it was done").to.be.above(0);
    });
  }
});

describe("a transaction that was interrupted", () => {
  const dropped = `${conf}lxc.cap.drop: sys_module\n`;
  const write: Step[] = [
    lock,
    { do: "file", path: confFile, before: conf, after: dropped },
    { do: "file", path: firewall, before: undefined, after: "[RULES]\n" },
  ];
  const journals = (place: Place) => readdirSync(place.at("/var/lib/pve-posture"));

  it("is undone, and what it was about is told", async () => {
    const place = await halfway(write, { [confFile]: conf });
    expect([place.read(confFile), place.read(firewall)]).to.deep.equal([dropped, undefined]);
    expect(repair(place)).to.deep.equal({ undone: [confFile, firewall], kept: [], failed: [], locked: [] });
    expect([place.read(confFile), place.read(firewall)]).to.deep.equal([conf, undefined]);
    expect(repair(place)).to.deep.equal({ undone: [], kept: [], failed: [], locked: [] });
    expect(journals(place)).to.deep.equal([]);
  });

  it("in words for the operator", () => {
    const repairs = { undone: ["/a", "profile:p"], kept: ["/b"], failed: ["/c"], locked: ["/l"] };
    expect(repairNotes(repairs).join("\n")).to.match(/undone: \/a, profile:p\n.*since: \/b\n.*next time: \/c\n.*holds \/l$/);
    expect(repairNotes({ undone: [], kept: [], failed: [], locked: [] })).to.deep.equal([]);
  });

  it("what somebody has written since is kept, and named", async () => {
    const place = await halfway(write, { [confFile]: conf });
    place.write(confFile, "by hand\n");
    expect(repair(place)).to.deep.include({ undone: [confFile, firewall], kept: [confFile], failed: [] });
    expect(place.read(confFile)).to.equal("by hand\n");
    expect(journals(place)).to.deep.equal([]);
  });

  it("what can't be put back now is tried again", async () => {
    const place = await halfway(write, { [confFile]: conf }, { cmp: '#!/bin/sh\n[ ! -e "$PVE_POSTURE_ROOT/broken" ] || case $* in *.tmp.*) exit 1 ;; esac\nexec /usr/bin/cmp "$@"\n' });
    place.write("/broken", "");
    expect(repair(place)).to.deep.include({ kept: [], failed: [confFile] });
    expect(journals(place)).to.have.length(1);
    unlinkSync(place.at("/broken"));
    expect(repair(place)).to.deep.include({ undone: [confFile, firewall], failed: [] });
    expect([place.read(confFile), journals(place)]).to.deep.equal([conf, []]);
  });

  it("while somebody holds its lock, it waits", async () => {
    const place = await halfway(write, { [confFile]: conf });
    const holder = spawn("flock", ["-x", place.at("/run/lock/lxc/pve-config-951.lock"), "sh", "-c", "echo held; read -r _"]);
    await once(holder.stdout, "data");
    const meanwhile = repair(place);
    holder.stdin.end("\n");
    await once(holder, "close");
    expect(meanwhile).to.deep.include({ undone: [], locked: ["/run/lock/lxc/pve-config-951.lock"] });
    expect(repair(place)).to.deep.include({ undone: [confFile, firewall], locked: [] });
  });

  it("a new profile that a process runs under by now stays loaded: it would be unconfined", async () => {
    const steps: Step[] = [
      ours,
      { do: "file", path: profileFile, before: undefined, after: profile("/new r,") },
      { do: "load", profile: "lxc-a", path: profileFile },
    ];
    const place = await halfway(steps, { [confFile]: conf });
    place.write(kernelList, "lxc-a (enforce)\n");
    place.write("/proc/7/attr/current", "lxc-a (enforce)\n");
    expect(repair(place)).to.deep.include({ kept: ["profile:lxc-a"], failed: [] });
    expect(place.read(kernelList)).to.equal("lxc-a (enforce)\n");
  });

  it("a profile that somebody has written since stays loaded, and so does one that a container names", async () => {
    const steps: Step[] = [
      ours,
      { do: "file", path: profileFile, before: undefined, after: profile("/new r,") },
      { do: "load", profile: "lxc-a", path: profileFile },
    ];
    for (const named of [true, false]) {
      const place = await halfway(steps, { [confFile]: named ? "lxc.apparmor.profile: lxc-a\n" : conf });
      if (!named) place.write(profileFile, profile("/by/hand r,"));
      place.write(kernelList, "lxc-a (enforce)\n");
      expect(repair(place).kept).to.include("profile:lxc-a");
      expect(place.read(kernelList)).to.equal("lxc-a (enforce)\n");
    }
  });

  it("two, one upon the other, are undone from the last to the first", async () => {
    const first = await halfway(write.slice(0, 2), { [confFile]: conf });
    const second: Step[] = [lock, { do: "file", path: confFile, before: dropped, after: `${dropped}#\n` }];
    await delay(1100); // the order is told by their time
    await killed(first, second);
    expect(journals(first)).to.have.length(2);
    expect(repair(first)).to.deep.include({ kept: [], failed: [] });
    expect([first.read(confFile), journals(first)]).to.deep.equal([conf, []]);
  });

  it("one that is at work is left alone", async () => {
    const place = await Place.make({ files: { [confFile]: conf }, standIns: { sync: "#!/bin/sh\nexec sleep 1\n" } });
    const child = spawn("sh", ["-c", applyScript], { env: place.env });
    child.stdin.end(transaction(write));
    while (!existsSync(place.at("/var/lib/pve-posture")) || journals(place).length === 0) await delay(20);
    expect(repair(place)).to.deep.equal({ undone: [], kept: [], failed: [], locked: [] });
    let said = "";
    child.stdout.on("data", (data: Buffer) => (said += data.toString()));
    await once(child, "close");
    expect(said).to.equal("result 1\ndone\n");
    expect([place.read(confFile), journals(place)]).to.deep.equal([dropped, []]);
  });

  it("programs that repair while others apply take nothing away from them", async function () {
    this.timeout(60_000);
    const place = await Place.make({ files: { [confFile]: conf } });
    let busy = true;
    const repairing = (async () => {
      while (busy) {
        const child = spawn("sh", ["-c", nodeScripts.repair], { env: place.env, stdio: "ignore" });
        await once(child, "close");
      }
    })();
    const outcomes = new Set<unknown>();
    for (let i = 0; i < 30; i++) {
      const child = spawn("sh", ["-c", applyScript], { env: place.env, stdio: ["pipe", "pipe", "ignore"] });
      let said = "";
      child.stdout!.on("data", (data: Buffer) => (said += data.toString()));
      child.stdin!.end(transaction([lock, { do: "file", path: "/etc/apparmor.d/x", before: i === 0 ? undefined : `${i}`, after: `${i + 1}` }]));
      await once(child, "close");
      outcomes.add(said);
    }
    busy = false;
    await repairing;
    expect([...outcomes]).to.deep.equal(["result 1\ndone\n"]);
    expect(place.read("/etc/apparmor.d/x")).to.equal("30");
  });

  it("its container runs again, whatever stage of the restart was reached", async function () {
    this.timeout(120_000);
    const steps: Step[] = [...write, { do: "restart", vmid: 951, seconds: 5, start: false }];
    for (const stage of ["shutdown", "start"]) {
      const place = await Place.make({ files: { [confFile]: conf }, standIns: { pct: "" } });
      place.write("/.stand-ins/bin/real-pct", pct(place.node.root));
      chmodSync(place.at("/.stand-ins/bin/real-pct"), 0o755);
      place.write("/.stand-ins/bin/pct", `#!/bin/sh\n"$PVE_POSTURE_ROOT/.stand-ins/bin/real-pct" "$@" || exit\n[ "$1" = "\${PVE_POSTURE_DEADLY-}" ] || exit 0\nread -r stat < /proc/$$/stat\nset -- \${stat##*) }\nkill -9 -$3\n`);
      place.program("/.stand-ins/bin/pct", "start", "951");
      await killed(place, steps, stage);
      expect(place.read(confFile), stage).to.equal(dropped);
      expect(repair(place), stage).to.deep.include({ undone: [confFile, firewall], failed: [] });
      expect([place.read(confFile), journals(place)], stage).to.deep.equal([conf, []]);
      expect(place.live(951), stage).to.match(/^running\npid /);
    }
  });
});

describe("where a transaction can leave no trace, it changes nothing", () => {
  const unshare = ["unshare", process.getuid?.() === 0 ? "-m" : "-rm"];
  const cases: [name: string, mount: string][] = [
    ...Array.from({ length: 6 }, (_, i): [string, string] => [`${4 * (i + 1)} KiB are left`, `size=${4 * (i + 1)}k`]),
    ...[1, 2, 3, 4, 5, 6, 8, 10].map((inodes): [string, string] => [`${inodes} names are left`, `nr_inodes=${inodes}`]),
    ["it is read-only", "ro"],
  ];
  it("full, and read-only", async function () {
    const place = await Place.make({ files: { [confFile]: conf } });
    mkdirSync(place.at("/var/lib/pve-posture"));
    if (spawnSync(unshare[0]!, [...unshare.slice(1), "mount", "-t", "tmpfs", "none", "/mnt"]).status !== 0) return this.skip();
    const after = `${conf}${"#".repeat(6000)}\n`;
    const before = place.everything();
    const seen = new Set<string>();
    for (const [name, options] of cases) {
      const as = [...unshare, "sh", "-c", 'mount -t tmpfs -o "$0" none "$PVE_POSTURE_ROOT/var/lib/pve-posture" && exec "$@"', options];
      const { stdout, stderr } = place.run(applyScript, transaction([lock, { do: "file", path: confFile, before: conf, after }]), as);
      const outcome = place.outcome(stdout, [], stderr);
      seen.add(outcome === "done" ? "done" : `${outcome.code} ${outcome.detail}`);
      if (outcome === "done") place.write(confFile, conf);
      expect(place.everything(), name).to.deep.equal(before);
    }
    expect([...seen].sort()).to.deep.equal(["done", "node-failed /var/lib/pve-posture"]);
  });
});
