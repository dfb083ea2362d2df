import { expect } from "chai";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { nodeScripts } from "../../provider/node/node-scripts.js";
import { decodeRepairs } from "../../provider/node/repair.js";
import type { Step } from "../../provider/plan/steps.js";
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

/** Every step where many cases are tried, else every fourth. */
const stride = process.env["PVE_POSTURE_FUZZ"] ? 1 : 4;

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
      for (let n = 1; n <= calls; n += n > calls - 4 ? 1 : stride) {
        reset();
        if ((await killedAt(place, n, transaction(steps))) !== undefined) continue; // pipelines don't always call as many
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
