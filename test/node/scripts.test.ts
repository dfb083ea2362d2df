import { expect } from "chai";
import fc from "fast-check";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, unlinkSync,
} from "node:fs";
import { join } from "node:path";
import {
  decodeAnswers, decodeOutcomes, encodeRequests, encodeTransaction, encodeTransactions, type Refusal,
} from "../../provider/node/protocol.js";
import type { Request, Step } from "../../provider/plan/steps.js";
import { standInsFor } from "../../provider/testing/index.js";
import { applyScript, observeScript, Place, shells, transaction } from "../support/place.js";

const conf = "arch: amd64\nunprivileged: 1\n";
const confFile = "/etc/pve/lxc/951.conf";
const firewall = "/etc/pve/firewall/951.fw";
const lock: Step = { do: "lock", path: "/run/lock/lxc/pve-config-951.lock" };
const change = (after: string | undefined, before = conf, path = confFile): Step => ({ do: "file", path, before, after });
const make = (after: string, path = confFile): Step => ({ do: "file", path, before: undefined, after });
const profile = (body = "/x r,", flags = "") => `profile lxc-a ${flags}{\n  ${body}\n}\n`;
const profileFile = "/etc/apparmor.d/lxc-a";
const deploy = (before: string | undefined, after: string, name = "lxc-a"): Step[] => [
  { do: "lock", path: "/run/lock/pve-posture.lock" },
  { do: "file", path: `/etc/apparmor.d/${name}`, before, after },
  { do: "check", profile: name },
  { do: "load", profile: name, path: `/etc/apparmor.d/${name}` },
];
const withdraw = (before: string | undefined): Step[] => [
  { do: "lock", path: "/run/lock/pve-posture.lock" },
  { do: "unused", profile: "lxc-a" },
  { do: "unload", profile: "lxc-a", path: profileFile },
  { do: "file", path: profileFile, before, after: undefined },
];
const kernelList = "/sys/kernel/security/apparmor/profiles";
/** A parser that does what the stand-in does, save for one letter of its options, with which it fails. */
const failingAt = (letter: string, words = "broken on purpose"): Record<string, string> => ({
  apparmor_parser: `#!/bin/sh\ncase " $* " in *" -${letter} "*) echo '${words}' >&2; exit 1 ;; esac\nexec "$PVE_POSTURE_ROOT/real-parser" "$@"\n`,
});
async function withFailingParser(letter: string, files: Record<string, string>): Promise<Place> {
  const whole = await Place.make();
  const parser = readFileSync(join(whole.node.path, "apparmor_parser"), "utf8");
  const place = await Place.make({ files, standIns: failingAt(letter) });
  place.write("/real-parser", parser.replaceAll(whole.node.root, place.node.root));
  chmodSync(place.at("/real-parser"), 0o755);
  return place;
}

/** Runs what follows with a file system of its own for temporary files; undefined where that can't be had. */
const unshare = ["unshare", process.getuid?.() === 0 ? "-m" : "-rm"];
const withTmpfs = (options: string): string[] | undefined =>
  spawnSync(unshare[0]!, [...unshare.slice(1), "mount", "-t", "tmpfs", "none", "/tmp"]).status === 0
    ? [...unshare, "sh", "-c", 'mount -t tmpfs -o "$0" none "$TMPDIR" && exec "$@"', options]
    : undefined;
/** Fills the file system of the temporary files to the last byte and name. */
const fill = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cat /dev/zero > "$TMPDIR/fill$i"; done 2> /dev/null\n';

const fileSize = 1 << 20;
const hostile: [string, string][] = [
  ["nothing at all", ""],
  ["shell syntax", "$(touch /tmp/pwned) `id` ${HOME} ; rm -rf / & | > x\n"],
  ["quotes", `'"\\'"'"'\\"\n''`],
  ["NUL and every other byte", Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("")],
  ["empty lines, and lines that look like the protocol", "\n\nbytes 0\nlock /x 1\n\n\nobserve file /etc/shadow\n\n"],
  ["no line break at the end", "a\nb"],
  ["1 MiB", Array.from({ length: fileSize }, (_, i) => String.fromCharCode((i * 7 + (i >> 8)) & 255)).join("")],
];

for (const [name, shell] of shells) {
  describe(`the node's scripts under ${name}`, () => {
    const start = async (options?: Parameters<typeof standInsFor>[1]) => Object.assign(await Place.make(options), { shell });

    for (const [what, content] of hostile) {
      it(`writes and reads byte for byte: ${what}`, async () => {
        const place = await start({ files: { [confFile]: conf } });
        expect(place.apply([lock, change(content)])).to.equal("done");
        expect(place.read(confFile) === content, "written").to.be.true;
        const { answers } = place.observe([{ ask: "file", path: confFile }]);
        expect(answers.file(confFile) === content, "read").to.be.true;
        expect(place.apply([lock, change(conf, content)])).to.equal("done");
        expect(place.read(confFile)).to.equal(conf);
        expect(readdirSync(place.at("/tmp"))).to.deep.equal([]);
        expect(existsSync("/tmp/pwned")).to.be.false;
      });
    }

    it("loads, replaces and unloads a profile", async () => {
      const place = await start();
      expect(place.apply(deploy(undefined, profile()))).to.equal("done");
      expect(place.read(kernelList)).to.contain("\nlxc-a (enforce)\n");
      expect(place.apply(deploy(profile(), profile("/x r,", "flags=(complain) ")))).to.equal("done");
      expect(place.read(kernelList)).to.contain("\nlxc-a (complain)\n");
      expect(place.apply(withdraw(profile("/x r,", "flags=(complain) ")))).to.equal("done");
      expect(place.read(kernelList)).not.to.contain("lxc-a ");
      expect(place.read(profileFile)).to.be.undefined;
    });

    it("restores the files and refuses, where the last step fails", async () => {
      const place = await start({ files: { [confFile]: conf }, standIns: failingAt("r") });
      place.write("/real-parser", "#!/bin/sh\ncase \" $* \" in *' -N '*) echo lxc-a ;; esac\n");
      chmodSync(place.at("/real-parser"), 0o755);
      const before = place.everything();
      const refusal = place.apply([...deploy(undefined, profile()).slice(0, 2), change("changed\n"), ...deploy(undefined, profile()).slice(3)]);
      expect(refusal).to.deep.include({ code: "node-failed", detail: "load lxc-a", output: "broken on purpose" });
      expect(place.everything()).to.deep.equal(before);
    });

    it("changes nothing, or everything, however little room there is for temporary files", async function () {
      this.timeout(60_000);
      const place = await start({ files: { [confFile]: conf, [firewall]: "[RULES]\n" } });
      const steps = [lock, change("x".repeat(9000)), change("y".repeat(9000), "[RULES]\n", firewall)];
      const input = transaction(steps, [], 1);
      place.apply([lock]);
      const before = place.everything();
      const seen = new Set<string>();
      const limits = [
        ...Array.from({ length: 16 }, (_, i) => `size=${4 * (i + 1)}k`),
        ...Array.from({ length: 12 }, (_, i) => `nr_inodes=${i + 1}`),
      ];
      for (const limit of limits) {
        const as = withTmpfs(limit);
        if (!as) return this.skip();
        const { stdout, status } = place.run(applyScript, input, as);
        // no directory of its own
        const outcome = status === 70 ? "nothing" : place.outcome(stdout);
        seen.add(typeof outcome === "string" ? outcome : `${outcome.code} ${outcome.detail}`);
        if (outcome !== "done") {
          expect(place.everything(), limit).to.deep.equal(before);
          continue;
        }
        expect(place.read(confFile), limit).to.equal("x".repeat(9000));
        expect(place.read(firewall), limit).to.equal("y".repeat(9000));
        place.write(confFile, conf);
        place.write(firewall, "[RULES]\n");
      }
      expect([...seen].sort()).to.deep.equal(["done", "node-failed tmp", "nothing"]);
    });

    it("restores all files where nothing more can be written to /tmp after the first change", async function () {
      const as = withTmpfs("size=256k,nr_inodes=30");
      // it may have a mv of its own, which no stand-in can replace
      if (!as || name === "busybox sh") return this.skip();
      const place = await start({
        files: { [confFile]: conf, [firewall]: "[RULES]\n" },
        standIns: { mv: `#!/bin/sh\ncase $* in */pve-posture/*) exec /bin/mv "$@" ;; esac\n${fill}case $* in *951.fw.tmp.*) echo no >&2; exit 1 ;; esac\nexec /bin/mv "$@"\n` },
      });
      const before = place.everything();
      const steps = [lock, change("new\n"), change("more\n", "[RULES]\n", firewall)];
      const { stdout } = place.run(applyScript, transaction(steps, [], 1), as);
      expect(place.outcome(stdout)).to.deep.include({ code: "node-failed", detail: `write ${firewall}`, output: "no" });
      expect(place.everything()).to.deep.equal(before);
    });

    it("unloads and removes where nothing more can be written to /tmp; half an answer is none", async function () {
      const as = withTmpfs("size=256k,nr_inodes=30");
      if (!as || name === "busybox sh") return this.skip();
      const place = await start({
        files: { [profileFile]: profile(), [confFile]: conf },
        standIns: { rm: `#!/bin/sh\ncase $* in *apparmor.d*) ${fill} ;; esac\nexec /bin/rm "$@"\n` },
      });
      place.write(kernelList, "lxc-a (enforce)\n");
      place.write("/large", "x".repeat(400_000));
      const asked: Request[] = [{ ask: "file", path: "/large" }];
      const { stdout, stderr, status } = place.run(applyScript, transaction(withdraw(profile()), asked, 1), as);
      expect([stdout.toString(), status]).to.deep.equal(["result 1\ndone\n", 70]);
      expect(stderr).to.contain("is the disk full?");
      expect([place.read(profileFile), place.read(kernelList)]).to.deep.equal([undefined, ""]);
    });

    it("refuses a lock that can't be opened", async () => {
      const place = await start({ files: { [confFile]: conf } });
      mkdirSync(place.at("/run/lock/lxc/pve-config-951.lock"), { recursive: true });
      expect(place.apply([lock, change("new\n")])).to.deep.include({ code: "node-failed", detail: "/run/lock/lxc/pve-config-951.lock" });
      expect(place.read(confFile)).to.equal(conf);
    });

    it("finds a profile's one process among more than a command takes arguments", async () => {
      const place = await start();
      for (let pid = 1; pid <= 2500; pid++) place.write(`/proc/${pid}/attr/current`, pid === 1234 ? "lxc-a (enforce)\n" : "unconfined\n");
      // a small stack makes for few arguments, where the kernel bounds them by it
      const few = ["sh", "-c", 'ulimit -s 512; exec "$@"', "few"];
      const { stdout } = place.run(observeScript, encodeRequests([{ ask: "users", profile: "lxc-a" }]), few);
      expect(stdout.toString()).to.equal("ok 13\nprocess 1234\n");
      const refused = place.run(applyScript, transaction(withdraw(undefined), [], 1), few);
      expect(place.outcome(refused.stdout)).to.deep.include({ code: "profile-in-use", detail: "lxc-a", output: "process 1234" });
    });

    it("takes a process that it can't read for a user of the profile, and one that is gone for none", async () => {
      const place = await start({ files: { [profileFile]: profile() } });
      place.write(kernelList, "lxc-a (enforce)\n");
      mkdirSync(place.at("/proc/7/attr/current"), { recursive: true });
      expect(place.apply(withdraw(profile()))).to.deep.include({ code: "node-failed", detail: "users lxc-a", output: "/proc/7/attr/current" });
      expect(place.observeStatus({ ask: "users", profile: "lxc-a" })).to.equal("denied");
      expect([place.read(profileFile), place.read(kernelList)]).to.deep.equal([profile(), "lxc-a (enforce)\n"]);
      rmSync(place.at("/proc/7/attr/current"), { recursive: true });
      symlinkSync("gone", place.at("/proc/7/attr/current"));
      expect(place.apply(withdraw(profile()))).to.equal("done");
    });

    it("tells a profile from one whose name only begins alike", async () => {
      const place = await start();
      place.write(kernelList, "lxc-a b (enforce)\nlxc-ab (enforce)\nlxc-a (x) (enforce)\n");
      const loaded: Step[] = [{ do: "loaded", profile: "lxc-a" }];
      expect(place.apply(loaded)).to.deep.include({ code: "profile-not-loaded", detail: "lxc-a" });
      place.write(kernelList, "lxc-a b (enforce)\nlxc-a (unconfined)\n");
      expect(place.apply(loaded)).to.equal("done");
    });
  });
}

describe("observing a node", () => {
  it("tells files that are there, empty or absent", async () => {
    const place = await Place.make({ files: { "/empty": "", "/full": "x\n" } });
    symlinkSync("nowhere", place.at("/dangling"));
    const paths = ["/empty", "/full", "/absent", "/absent/below", "/full/below", "/dangling"];
    const { answers } = place.observe(paths.map((path) => ({ ask: "file", path })));
    expect(paths.map((path) => answers.file(path))).to.deep.equal(["", "x\n", undefined, undefined, undefined, undefined]);
  });

  it("doesn't take a directory for an empty or an absent file", async () => {
    const place = await Place.make();
    expect(place.observe([{ ask: "file", path: "/etc" }]).statuses).to.deep.equal(["denied"]);
  });

  it("gives the files and paths of a pattern, whatever their content", async () => {
    const place = await Place.make();
    place.write("/d/a/info", "no line break");
    place.write("/d/b b/info", "12 /d/c/info\nlooks like a frame\n");
    place.write("/d/$(x)/info", "\0");
    mkdirSync(place.at("/d/e/info"), { recursive: true });
    const { answers } = place.observe([
      { ask: "files", pattern: "/d/*/info" }, { ask: "paths", pattern: "/d/*" }, { ask: "paths", pattern: "/none/*" },
      { ask: "files", pattern: "/none/*" }, { ask: "paths", pattern: "/d/a" },
    ]);
    expect(answers.files("/d/*/info")).to.deep.equal({
      "/d/$(x)/info": "\0", "/d/a/info": "no line break", "/d/b b/info": "12 /d/c/info\nlooks like a frame\n",
    });
    expect(answers.paths("/d/*")).to.deep.equal(["/d/$(x)", "/d/a", "/d/b b", "/d/e"]);
    expect(answers.paths("/none/*")).to.deep.equal([]);
    expect(answers.files("/none/*")).to.deep.equal({});
    expect(answers.paths("/d/a")).to.deep.equal(["/d/a"]);
  });

  const stanza = (name: string, status: string, version: string) => `Package: ${name}\nStatus: ${status}\nVersion: ${version}\n`;
  const packages: [string, string | undefined, string | undefined][] = [
    ["installed", stanza("pve-container", "install ok installed", "6.1.10"), "6.1.10"],
    ["removed, its settings left", stanza("pve-container", "deinstall ok config-files", "5.0.1"), undefined],
    ["one whose name only begins alike", stanza("pve-container-x", "install ok installed", "1"), undefined],
    ["named in another's dependencies", `${stanza("a", "install ok installed", "1").trimEnd()}\nDepends: pve-container\n`, undefined],
    ["no package list", undefined, undefined],
  ];
  for (const [what, status, expected] of packages) {
    it(`a package: ${what}`, async () => {
      const place = await Place.make();
      rmSync(place.at("/var/lib/dpkg/status"));
      if (status !== undefined) place.write("/var/lib/dpkg/status", status);
      expect(place.observe([{ ask: "package", name: "pve-container" }]).answers.package("pve-container")).to.equal(expected);
    });
  }

  const names: [string, string, string][] = [
    ["names it", "arch: amd64\nlxc.apparmor.profile: lxc-a\n", "container 951 pve\n"],
    ["names it in another spelling", "lxc.apparmor.profile  =lxc-a \t\r\n", "container 951 pve\n"],
    ["names another that begins alike", "lxc.apparmor.profile: lxc-ab\nlxc.apparmor.profile: lxc.a\n", ""],
    ["names it in a comment", "#lxc.apparmor.profile: lxc-a\n", ""],
    ["names it in a snapshot", "arch: amd64\n[snap_1]\nlxc.apparmor.profile: lxc-a\n", ""],
    ["names it in what is pending", "arch: amd64\n[pve:pending]\nlxc.apparmor.profile: lxc-a\n", ""],
    ["names it below what is no section to Proxmox VE", "[x]\n[not closed\n[a b]\nlxc.apparmor.profile: lxc-a\n", "container 951 pve\n"],
  ];
  for (const [what, text, expected] of names) {
    it(`users of a profile: a container that ${what}`, async () => {
      const place = await Place.make({ files: { [confFile]: text } });
      expect(place.users("lxc-a")).to.equal(expected);
    });
  }

  it("users of a profile: containers of other nodes of the cluster", async () => {
    const place = await Place.make({ files: { "/etc/pve/nodes/pve2/lxc/100.conf": "lxc.apparmor.profile: lxc-a\n" } });
    expect(place.users("lxc-a")).to.equal("container 100 pve2\n");
  });

  const labels: [string, string, boolean][] = [
    ["in enforce mode", "lxc-a (enforce)\n", true],
    ["without a mode", "lxc-a\n", true],
    ["in a child profile", "lxc-a//child (enforce)\n", true],
    ["in a namespace", "lxc-a//&:lxc-951_<-var-lib-lxc>:unconfined (enforce)\n", true],
    ["of another name that begins alike", "lxc-ab (enforce)\n", false],
    ["of another name that ends alike", "x-lxc-a (enforce)\n", false],
    ["unconfined", "unconfined\n", false],
  ];
  for (const [what, label, expected] of labels) {
    // alone and among others: grep names a file only when it is given several
    for (const others of [0, 2]) {
      it(`users of a profile: a process ${what}${others ? ", among others" : ""}`, async () => {
        const place = await Place.make({ files: { "/proc/4242/attr/current": label } });
        for (let i = 0; i < others; i++) place.write(`/proc/${i + 1}/attr/current`, "unconfined\n");
        expect(place.users("lxc-a")).to.equal(expected ? "process 4242\n" : "");
      });
    }
  }

  it("a request that it doesn't know is denied, and the others are answered", async () => {
    const place = await Place.make({ files: { "/a": "A" } });
    const { stdout } = place.run(observeScript, Buffer.from("exec id\nfile /a\n"));
    expect(decodeAnswers(stdout, 2)!.map(({ status, body }) => `${status} ${body.toString()}`)).to.deep.equal(["denied ", "ok A"]);
  });

  it("says denied, not absent, where another user may not look", async function () {
    if (process.getuid?.() !== 0) {
      console.log("      not root: can't become another user");
      return this.skip();
    }
    if (spawnSync("setpriv", ["--version"]).status !== 0) {
      console.log("      no setpriv here");
      return this.skip();
    }
    const place = await Place.make({ files: { "/etc/secret/file": "x", "/etc/open": "y", "/etc/closed": { content: "z", mode: 0o600 } } });
    chmodSync(place.node.root, 0o755);
    chmodSync(place.at("/etc/secret"), 0o700);
    chmodSync(place.at("/tmp"), 0o777);
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const paths = ["/etc/secret/file", "/etc/secret/absent", "/etc/closed", "/etc/open", "/etc/absent"];
    const { statuses } = place.observe(paths.map((path) => ({ ask: "file", path })), nobody);
    expect(statuses).to.deep.equal(["denied", "denied", "denied", "ok", "absent"]);
  });
});

describe("applying a transaction", () => {
  it("answers what was asked for after it", async () => {
    const place = await Place.make({ files: { [confFile]: conf } });
    const asked: Request[] = [{ ask: "file", path: confFile }, { ask: "file", path: firewall }];
    const { stdout } = place.run(applyScript, transaction([lock, change("new\n")], asked, 1));
    const [outcome] = decodeOutcomes(stdout, [asked.length]);
    expect((outcome as { done: { status: string; body: Buffer }[] }).done.map(({ status, body }) => [status, body.toString()])).to.deep.equal([
      ["ok", "new\n"], ["absent", ""],
    ]);
  });

  it("several at once: each for itself, however the others end", async () => {
    const place = await Place.make({ files: { [confFile]: conf, [firewall]: "[RULES]\n" } });
    const asked: Request[] = [{ ask: "file", path: firewall }];
    const each = [
      encodeTransaction([lock, change("new\n", "other\n")], [], 1),
      encodeTransaction([lock, change("more\n", "[RULES]\n", firewall)], asked, 1),
      encodeTransaction(deploy(undefined, "profile lxc-b {\n", "lxc-b"), [], 1),
      encodeTransaction(deploy(undefined, profile()), [], 1),
    ];
    const { stdout } = place.run(applyScript, encodeTransactions(each));
    const [stale, written, broken, deployed] = decodeOutcomes(stdout, [0, 1, 0, 0]);
    expect(stale).to.deep.include({ refused: { code: "changed-meanwhile", detail: confFile, output: "" } });
    expect(written).to.have.property("done").with.length(1);
    expect(broken).to.have.nested.property("refused.code", "profile-invalid");
    expect(deployed).to.deep.equal({ done: [] });
    expect([place.read(confFile), place.read(firewall), place.read(profileFile)]).to.deep.equal([conf, "more\n", profile()]);
    expect([readdirSync(place.at("/tmp")), readdirSync(place.at("/var/lib/pve-posture"))]).to.deep.equal([[], []]);
  });

  it("sixteen at once, that all want the same file: one has it, and none is lost", async () => {
    const place = await Place.make({ files: { [confFile]: conf } });
    const each = Array.from({ length: 16 }, (_, i) => encodeTransaction([lock, change(`${i}\n`)], [], 20));
    const outcomes = decodeOutcomes(place.run(applyScript, encodeTransactions(each)).stdout, each.map(() => 0));
    const won = outcomes.flatMap((outcome, i) => (outcome && "done" in outcome ? [i] : []));
    expect(won).to.have.length(1);
    expect(place.read(confFile)).to.equal(`${won[0]}\n`);
    expect(outcomes.map((outcome) => outcome && "refused" in outcome && outcome.refused.code).filter(Boolean)).to.deep.equal(Array(15).fill("changed-meanwhile"));
  });

  it("makes the directory of the first firewall file on a fresh node, and files that were not there", async () => {
    const place = await Place.make({ files: { [confFile]: conf } });
    rmSync(place.at("/etc/pve/firewall"), { recursive: true });
    expect(place.apply([lock, make("[RULES]\n", firewall)])).to.equal("done");
    expect(place.read(firewall)).to.equal("[RULES]\n");
    expect(place.apply([lock, change(undefined, "[RULES]\n", firewall)])).to.equal("done");
    expect(place.read(firewall)).to.be.undefined;
  });

  it("takes what is another name's leftovers for no obstacle", async () => {
    const place = await Place.make({ files: { [confFile]: conf, [`${confFile}.tmp.1`]: "of Proxmox VE" } });
    expect(place.apply([lock, change("new\n")])).to.equal("done");
    expect(place.read(`${confFile}.tmp.1`)).to.equal("of Proxmox VE");
  });

  describe("refuses, and leaves everything as it was", () => {
    const cases: { name: string; options?: Parameters<typeof standInsFor>[1]; prepare?(place: Place): void; steps: Step[]; refusal: Partial<Refusal> }[] = [
      {
        name: "a file that has another text by now",
        steps: [lock, change("new\n", "other\n")],
        refusal: { code: "changed-meanwhile", detail: confFile },
      },
      {
        name: "a file that has one byte more by now",
        steps: [lock, change("new\n", conf.slice(0, -1))],
        refusal: { code: "changed-meanwhile", detail: confFile },
      },
      {
        name: "a file that is there by now",
        steps: [lock, make("new\n")],
        refusal: { code: "changed-meanwhile", detail: confFile },
      },
      {
        name: "a file that is gone by now",
        steps: [lock, change("new\n", "old\n", firewall)],
        refusal: { code: "changed-meanwhile", detail: firewall },
      },
      {
        name: "the second of two files that has changed: the first is not written either",
        steps: [lock, change("new\n"), change("new\n", "old\n", firewall)],
        refusal: { code: "changed-meanwhile", detail: firewall },
      },
      {
        name: "a directory in the file's place",
        prepare: (place) => mkdirSync(place.at(firewall), { recursive: true }),
        steps: [lock, make("new\n", firewall)],
        refusal: { code: "changed-meanwhile", detail: firewall },
      },
      {
        name: "a symbolic link in the file's place",
        prepare: (place) => symlinkSync("/etc/passwd", place.at(profileFile)),
        steps: deploy(undefined, profile()),
        refusal: { code: "node-failed", detail: `link ${profileFile}` },
      },
      {
        name: "a dangling link in the file's place",
        prepare: (place) => symlinkSync("nowhere", place.at(profileFile)),
        steps: deploy(undefined, profile()),
        refusal: { code: "node-failed", detail: `link ${profileFile}` },
      },
      { name: "no flock", options: { programs: { flock: false } }, steps: [lock, change("new\n")], refusal: { code: "node-failed", detail: "flock" } },
      {
        name: "no apparmor_parser",
        options: { programs: { apparmor_parser: false } },
        steps: deploy(undefined, profile()),
        refusal: { code: "no-apparmor", detail: "parser" },
      },
      {
        name: "a kernel without AppArmor",
        prepare: (place) => unlinkSync(place.at(kernelList)),
        steps: deploy(undefined, profile()),
        refusal: { code: "no-apparmor", detail: "kernel" },
      },
      {
        name: "a kernel without AppArmor, for a container that needs a profile",
        prepare: (place) => unlinkSync(place.at(kernelList)),
        steps: [lock, { do: "loaded", profile: "lxc-a" }, change("new\n")],
        refusal: { code: "no-apparmor", detail: "kernel" },
      },
      {
        name: "a profile that is not loaded",
        steps: [lock, { do: "loaded", profile: "lxc-a" }, change("new\n")],
        refusal: { code: "profile-not-loaded", detail: "lxc-a" },
      },
      { name: "a profile that doesn't compile", steps: deploy(undefined, profile("/x r")), refusal: { code: "profile-invalid", detail: "lxc-a" } },
      {
        name: "a profile of another name",
        steps: deploy(undefined, "profile lxc-b { /x r, }\n"),
        refusal: { code: "profile-invalid", detail: "name lxc-a", output: "lxc-b" },
      },
      {
        name: "a second profile in the text",
        steps: deploy(undefined, `${profile()}profile lxc-b { /x r, }\n`),
        refusal: { code: "profile-invalid", detail: "name lxc-a", output: "lxc-a\nlxc-b" },
      },
      {
        name: "a text without a profile",
        steps: deploy(undefined, "# nothing\n"),
        refusal: { code: "profile-invalid", detail: "name lxc-a", output: "" },
      },
      {
        name: "a profile that is disabled",
        options: { files: { "/etc/apparmor.d/disable/lxc-a": "" } },
        steps: deploy(undefined, profile()),
        refusal: { code: "node-failed", detail: "disabled lxc-a" },
      },
      {
        name: "a temporary file that is shorter than it should be",
        options: { standIns: { head: '#!/bin/sh\n[ "$2" != 4 ] || { echo "No space left" >&2; set -- -c 3; }\nexec /usr/bin/head "$@"\n' } },
        steps: [lock, change("new\n")],
        refusal: { code: "node-failed", detail: "tmp", output: "No space left" },
      },
      {
        name: "a staged file that is shorter than it should be",
        options: { standIns: { cat: '#!/bin/sh\ncase $* in *.after) exec /usr/bin/head -c 3 "$1" ;; esac\nexec /bin/cat "$@"\n' } },
        steps: [lock, change("new\n")],
        refusal: { code: "node-failed", detail: confFile },
      },
      {
        name: "a container's configuration that can't be read, which may name the profile",
        options: { files: { [profileFile]: profile() }, standIns: { sed: '#!/bin/sh\ncase $* in *951.conf) exit 4 ;; esac\nexec /bin/sed "$@"\n' } },
        steps: withdraw(profile()),
        refusal: { code: "node-failed", detail: "users lxc-a", output: "/etc/pve/nodes/pve/lxc/951.conf" },
      },
      {
        name: "a process that can't be read, where the kernel has no AppArmor",
        options: { files: { "/proc/7/attr/current": "" } },
        prepare: (place) => unlinkSync(place.at(kernelList)),
        steps: withdraw(undefined),
        refusal: { code: "no-apparmor", detail: "kernel" },
      },
      {
        name: "a profile that a container names",
        options: { files: { [confFile]: "lxc.apparmor.profile: lxc-a\n", [profileFile]: profile() } },
        steps: withdraw(profile()),
        refusal: { code: "profile-in-use", detail: "lxc-a", output: "container 951 pve" },
      },
      {
        name: "a profile that a process runs under",
        options: { files: { "/proc/7/attr/current": "lxc-a (enforce)\n", [profileFile]: profile() } },
        steps: withdraw(profile()),
        refusal: { code: "profile-in-use", detail: "lxc-a", output: "process 7" },
      },
    ];
    for (const { name, options, prepare, steps, refusal } of cases) {
      it(name, async () => {
        const place = await Place.make({ ...options, files: { [confFile]: conf, ...options?.files } });
        prepare?.(place);
        const before = place.everything();
        expect(place.apply(steps)).to.deep.include(refusal);
        expect(place.everything()).to.deep.equal(before);
      });
    }

    it("a lock that another process holds", async () => {
      const place = await Place.make({ files: { [confFile]: conf } });
      const holder = spawn("flock", ["-x", place.at(lock.do === "lock" ? lock.path : ""), "sh", "-c", "echo held; read -r _"]);
      await new Promise((resolve) => holder.stdout.once("data", resolve));
      try {
        expect(place.apply([lock, change("new\n")], [], 0)).to.deep.include({ code: "container-locked", detail: "/run/lock/lxc/pve-config-951.lock" });
        expect(place.read(confFile)).to.equal(conf);
      } finally {
        const gone = new Promise((resolve) => holder.once("exit", resolve));
        holder.stdin.end("\n");
        await gone;
      }
      expect(place.apply([lock, change("new\n")], [], 0)).to.equal("done");
    });

    it("whatever a cut connection left of the input", async () => {
      const place = await Place.make({ files: { [confFile]: conf } });
      const steps: Step[] = [lock, change("new\n"), make("[RULES]\n", firewall)];
      const whole = transaction(steps, [{ ask: "file", path: confFile }], 1);
      const before = place.everything();
      for (let length = 0; length < whole.length; length += 1 + (length % 3)) {
        const outcome = place.outcome(place.run(applyScript, whole.subarray(0, length)).stdout);
        expect(outcome, `${length} bytes`).to.deep.include({ code: "node-failed", detail: "incomplete" });
      }
      expect(place.everything()).to.deep.equal(before);
    });

    it("steps that were cut, although they refer to no bytes", async () => {
      const place = await Place.make({ files: { [confFile]: conf } });
      place.write(kernelList, "lxc-a (enforce)\n");
      const whole = transaction(withdraw(undefined), [], 1).toString();
      for (const lines of [1, 2, 3, 4]) {
        const cut = whole.split("\n").slice(0, lines).map((line) => `${line}\n`).join("");
        expect(place.outcome(place.run(applyScript, Buffer.from(cut)).stdout), `${lines} lines`).to.deep.include({ detail: "incomplete" });
      }
      expect(place.read(kernelList)).to.equal("lxc-a (enforce)\n");
    });
  });

  describe("restores every byte when a step fails on the way", () => {
    it("loading a new profile", async () => {
      const place = await withFailingParser("r", {});
      const before = place.everything();
      expect(place.apply(deploy(undefined, profile()))).to.deep.include({ code: "node-failed", detail: "load lxc-a", output: "broken on purpose" });
      expect(place.everything()).to.deep.equal(before);
    });

    it("loading a profile over one that is loaded: says what it could not load again", async () => {
      const place = await withFailingParser("r", { [profileFile]: profile("/old r,") });
      place.write(kernelList, "lxc-a (enforce)\n");
      const before = place.everything();
      const refusal = place.apply(deploy(profile("/old r,"), profile()));
      expect(refusal).to.deep.include({ code: "restore-failed", detail: "load lxc-a, not restored: profile:lxc-a" });
      expect(place.everything()).to.deep.equal(before);
    });

    it("a kernel that takes a profile and doesn't list it", async () => {
      const place = await Place.make({
        standIns: { apparmor_parser: "#!/bin/sh\ncase \" $* \" in *' -N '*) echo lxc-a ;; esac\n" },
      });
      const before = place.everything();
      expect(place.apply(deploy(undefined, profile()))).to.deep.include({ code: "node-failed", detail: "verify lxc-a" });
      expect(place.everything()).to.deep.equal(before);
    });

    it("unloading", async () => {
      const place = await withFailingParser("R", { [profileFile]: profile() });
      place.write(kernelList, "lxc-a (enforce)\n");
      const before = place.everything();
      expect(place.apply(withdraw(profile()))).to.deep.include({ code: "node-failed", detail: "unload lxc-a" });
      expect(place.everything()).to.deep.equal(before);
    });

    it("a process that can't be read any more at the last moment", async () => {
      const place = await Place.make({
        files: { [confFile]: conf, [profileFile]: profile() },
        standIns: { mv: '#!/bin/sh\nmkdir -p "$PVE_POSTURE_ROOT/proc/7/attr/current"\nexec /bin/mv "$@"\n' },
      });
      place.write(kernelList, "lxc-a (enforce)\n");
      const refusal = place.apply([lock, change("new\n"), ...withdraw(profile()).slice(1)]);
      expect(refusal).to.deep.include({ code: "node-failed", detail: "users lxc-a", output: "/proc/7/attr/current" });
      expect([place.read(confFile), place.read(profileFile), place.read(kernelList)]).to.deep.equal([conf, profile(), "lxc-a (enforce)\n"]);
    });

    it("removing the file after unloading: the profile is loaded again", async () => {
      const place = await Place.make({ files: { [profileFile]: profile() }, standIns: { rm: "#!/bin/sh\ncase $* in *apparmor.d/lxc-a) echo no >&2; exit 1 ;; esac\nexec /bin/rm \"$@\"\n" } });
      place.write(kernelList, "lxc-a (enforce)\n");
      const before = place.everything();
      expect(place.apply(withdraw(profile()))).to.deep.include({ code: "node-failed", detail: `remove ${profileFile}`, output: "no" });
      expect(place.everything()).to.deep.equal(before);
    });

    it("the second of two files", async () => {
      const place = await Place.make({
        files: { [confFile]: conf, [firewall]: "[RULES]\n" },
        standIns: { mv: "#!/bin/sh\ncase $* in *951.fw.tmp.*) echo no >&2; exit 1 ;; esac\nexec /bin/mv \"$@\"\n" },
      });
      const before = place.everything();
      expect(place.apply([lock, change("new\n"), change("more\n", "[RULES]\n", firewall)])).to.deep.include({
        code: "node-failed", detail: `write ${firewall}`, output: "no",
      });
      expect(place.everything()).to.deep.equal(before);
    });

    it("a file system that keeps something else than was written", async () => {
      const place = await Place.make({
        files: { [confFile]: conf },
        standIns: { mv: "#!/bin/sh\ncase $* in */pve-posture/*) exec /bin/mv \"$@\" ;; esac\n/bin/mv \"$@\" || exit 1; [ -e \"$PVE_POSTURE_ROOT/lied\" ] && exit; : > \"$PVE_POSTURE_ROOT/lied\" && echo lie >> \"$3\"\n" },
      });
      expect(place.apply([lock, change("new\n")])).to.deep.include({ code: "node-failed", detail: `write ${confFile}` });
      expect(place.read(confFile)).to.equal(conf);
    });

    it("a file that can't be restored either: says which", async () => {
      const place = await Place.make({
        files: { [confFile]: conf, [firewall]: "[RULES]\n" },
        standIns: {
          mv: "#!/bin/sh\ncase $* in */pve-posture/*) exec /bin/mv \"$@\" ;; esac\ncase $* in *951.fw.tmp.*) exit 1 ;; *) [ ! -e \"$PVE_POSTURE_ROOT/once\" ] || exit 1; : > \"$PVE_POSTURE_ROOT/once\" ;; esac\nexec /bin/mv \"$@\"\n",
        },
      });
      const refusal = place.apply([lock, change("new\n"), change("more\n", "[RULES]\n", firewall)]);
      expect(refusal).to.deep.include({ code: "restore-failed", detail: `write ${firewall}, not restored: ${confFile}` });
    });

    it("a directory that takes no new file (of /etc/pve: no quorum)", async function () {
      if (process.getuid?.() !== 0 || spawnSync("setpriv", ["--version"]).status !== 0) return this.skip();
      const place = await Place.make({ files: { [confFile]: conf } });
      chmodSync(place.node.root, 0o755);
      mkdirSync(place.at("/var/lib/pve-posture"));
      for (const path of ["/tmp", "/run/lock/lxc", "/var/lib/pve-posture"]) chmodSync(place.at(path), 0o777);
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const { stdout } = place.run(applyScript, transaction([lock, change("new\n")], [], 1), nobody);
      expect(place.outcome(stdout)).to.deep.include({ code: "no-quorum", detail: confFile });
      expect(place.read(confFile)).to.equal(conf);
      expect(readdirSync(place.at("/tmp"))).to.deep.equal([]);
    });
  });

  it("lets exactly one of two at the same time win; the other learns of it", async () => {
    const place = await Place.make({ files: { [confFile]: conf } });
    for (let round = 0; round < 5; round++) {
      place.write(confFile, conf);
      const outcomes = await Promise.all(
        ["one\n", "two\n"].map(
          (after) =>
            new Promise<"done" | Refusal>((resolve, reject) => {
              const child = spawn("sh", ["-c", applyScript], { env: place.env });
              const parts: Buffer[] = [];
              child.stdout.on("data", (part: Buffer) => parts.push(part));
              child.on("error", reject);
              child.on("close", () => resolve(place.outcome(Buffer.concat(parts))));
              child.stdin.end(transaction([lock, change(after)], [], 20));
            }),
        ),
      );
      const winner = outcomes.indexOf("done");
      expect(winner).to.be.at.least(0);
      expect(outcomes[1 - winner]).to.deep.include({ code: "changed-meanwhile" });
      expect(place.read(confFile)).to.equal(["one\n", "two\n"][winner]);
      expect(readdirSync(place.at("/etc/pve/lxc/"))).to.deep.equal(["951.conf"]);
    }
  });

  it("leaves nothing behind when the other side is gone before the refusal", async () => {
    const place = await Place.make({ files: { [confFile]: conf } });
    const before = place.everything();
    // the reader closes the pipe at once, so that the script's words meet nobody
    const command = `{ sleep 0.2; cat; } | "$0" -c "$1" | true`;
    const input = transaction([lock, change("new\n"), change("new\n", "old\n", firewall)], [], 1);
    for (const [, shell] of shells.filter(([, command]) => command.length === 1)) {
      spawnSync("sh", ["-c", command, shell[0]!, applyScript], { env: place.env, input });
      expect(place.everything(), shell[0]).to.deep.equal(before);
    }
  });

  it("any bytes arrive exactly", async function () {
    this.timeout(60_000);
    const place = await Place.make();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (one, two) => {
        const [a, b] = [one, two].map((bytes) => Buffer.from(bytes).toString("latin1")) as [string, string];
        place.write("/a", a);
        expect(place.apply([change(b, a, "/a"), make(a, "/b")])).to.equal("done");
        expect([place.read("/a"), place.read("/b")]).to.deep.equal([b, a]);
        rmSync(place.at("/b"));
      }),
      { numRuns: 40 },
    );
  });
});
