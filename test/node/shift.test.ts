import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync, existsSync, lchownSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IdMapError, moved, parseMap, parseShiftJournal, shift, shiftJournalPath, type IdMap } from "../../provider/idmap/index.js";
import {
  decodeShift, encodeShift, type ShiftOutcome, type ShiftRequest,
} from "../../provider/node/shift.js";
import { nodeScripts } from "../../provider/node/node-scripts.js";
import { standInsFor, type StandIns } from "../../provider/testing/index.js";
import { pct } from "../../provider/testing/programs/pct.js";

// --- maps --------------------------------------------------------------------------------------------------------------

const base = (host: number, count = 65536): IdMap => parseMap(["u", "g"].map((type) => `${type} 0 ${host} ${count}`));
const old = base(100000);
const passthrough = parseMap(["u 0 100000 65536", "g 0 100000 44", "g 44 44 1", "g 45 100045 65491"]);
/** Half of its ids are ids of the old one. */
const overlapping = base(131072);

const request = (to: IdMap, more: Partial<ShiftRequest> = {}): ShiftRequest => ({
  do: "shift", vmid: 951, from: old, to, binds: [], volumes: [], ...more,
});
const lines = (input: Buffer, key: string): string[] => input.toString("latin1").split("\n").filter((line) => line.startsWith(`${key} `));

describe("what is asked of shift-owners.pl, and what it says", () => {
  it("only what changes is moved, and directly where it can be", () => {
    const input = encodeShift(request(passthrough, { binds: ["/srv//models/"], volumes: ["srv/a b"] }));
    expect(input.toString("latin1")).to.equal(
      [
        "do shift", "vmid 951", "from u 0 100000 65536", "from g 0 100000 65536", "to u 0 100000 65536", "to g 0 100000 44", "to g 44 44 1",
        "to g 45 100045 65491", "move g 100044 44 1", "bind srv/models", "volume srv/a b", "end", "",
      ].join("\n"),
    );
  });

  const detours: [string, IdMap, IdMap, string[]][] = [
    ["ranges that overlap", old, overlapping, ["via u 100000 3000000000 65536", "via g 100000 3000000000 65536"]],
    ["ranges that only touch", old, base(165536), []],
    ["two ids that change places", parseMap(["u 0 5 1", "u 1 6 1"]), parseMap(["u 0 6 1", "u 1 5 1"]), ["via u 5 3000000000 1", "via u 6 3000000001 1"]],
    ["ids that the detour would use", base(2999999990, 20), base(3000000000, 20), ["via u 2999999990 3000000020 20", "via g 2999999990 3000000020 20"]],
    ["no room above", base(100000, 4000000000), base(100001, 4000000000), []],
  ];
  for (const [what, from, to, expected] of detours) {
    it(`a detour: ${what}`, () => {
      const ask = () => encodeShift(request(to, { from }));
      if (what === "no room above") expect(ask).to.throw("no 4000000000 free ids");
      else expect(lines(ask(), "via")).to.deep.equal(expected);
    });
  }

  for (const path of ["a\nend", "a\0b", "../etc", "a/../../b", "/", "", "\u0100"]) {
    it(`refuses a path that is none: ${JSON.stringify(path)}`, () => {
      expect(() => encodeShift(request(overlapping, { binds: [path] }))).to.throw(RangeError);
      expect(() => encodeShift(request(overlapping, { volumes: [path] }))).to.throw(RangeError);
    });
  }

  it("refuses a map that loses ids", () => {
    expect(() => encodeShift(request(base(100000, 1000)))).to.throw(IdMapError, "has no ids for");
  });

  const outputs: [string, ShiftOutcome | undefined][] = [
    ["done\n", { done: {} }],
    ["done shifted=3 kept=2 other=1\n", { done: { shifted: 3, kept: 2, other: 1 } }],
    ["refused failed usr/bin/a b\nchown: Operation not permitted\n", { refused: { code: "failed", detail: "usr/bin/a b", output: "chown: Operation not permitted" } }],
    ["refused running -\n", { refused: { code: "running", detail: "-", output: "" } }],
    ["Welcome!\n", undefined],
    ["done shifted=3", undefined],
    ["", undefined],
  ];
  for (const [output, expected] of outputs) {
    it(`reads ${JSON.stringify(output)}`, () => expect(decodeShift(Buffer.from(output))).to.deep.equal(expected));
  }

  it("reads a journal", () => {
    const text = "from u 0 1 2\nto u 0 3 2\nmove u 1 3 2\nbind phase 1\nback\nphase ";
    const maps = { from: parseMap(["u 0 1 2"]), to: parseMap(["u 0 3 2"]) };
    expect(parseShiftJournal(`${text}2\n`)).to.deep.equal({ ...maps, phase: 2, running: false });
    expect(parseShiftJournal(`${text}done\n`)).to.deep.equal({ ...maps, phase: "done", running: false });
    expect(parseShiftJournal("from u 0 1 2\nbind phase 1\nbind x")).to.be.undefined;
  });

  it("fits into one argument of a command", () => expect(Buffer.byteLength(nodeScripts.shift)).to.be.below(100_000));
});

// --- files -------------------------------------------------------------------------------------------------------------

const numbers = `my $x = (POSIX::uname())[4] eq "aarch64" ? { set => 6, get => 9 } : { set => 189, get => 192 };`;
/** set PATH NAME HEX: by the kernel's own call, as attr and libcap may not be here. */
const setXattr = `use POSIX (); ${numbers}
my ($path, $name, $value) = ($ARGV[0], $ARGV[1], pack "H*", $ARGV[2]);
syscall($x->{set}, $path, $name, $value, length $value, 0) == 0 or die "$!\n";`;
/** Everything about every file below a directory that the shift may change or must keep, one a line. */
const listing = `use POSIX (); use File::Find; no warnings "File::Find"; ${numbers}
my $buffer = "\\0" x 65536;
sub xattr { my ($path, $name) = @_; my $n = syscall($x->{get}, $path, $name, $buffer, 65536); $n < 0 ? "-" : unpack "H*", substr $buffer, 0, $n }
my $top = shift; my @lines;
find({ no_chdir => 1, wanted => sub {
  my $path = $_; my @s = lstat $path; my $name = unpack("H*", substr $path, length $top) || "-";
  push @lines, join " ", $name, sprintf("%o", $s[2]), @s[4, 5, 3], unpack("H*", readlink($path) // "") || "-",
    map { xattr($path, $_) } qw(security.capability system.posix_acl_access system.posix_acl_default);
} }, $top);
print map { "$_\\n" } sort @lines;`;
const perl = (program: string, ...args: string[]) => spawnSync("perl", ["-e", program, "--", ...args], { encoding: "latin1", maxBuffer: 1 << 26 });

const le = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString("hex");
const capV2 = `01000002${le(0x2000)}${le(0)}${le(0)}${le(0)}`;
const capV3 = (root: number): string => `01000003${le(0x2000)}${le(0)}${le(0)}${le(0)}${le(root)}`;
const aclEntry = (tag: number, permissions: number, id = 0xffffffff): string => le(tag | (permissions << 16)) + le(id);
const acl = (user: number, group: number): string =>
  le(2) + aclEntry(1, 6) + aclEntry(2, 4, user) + aclEntry(4, 5) + aclEntry(8, 4, group) + aclEntry(16, 5) + aclEntry(32, 4);

/** A directory whose file system takes what is tested, and what it doesn't take. */
function findGround(): { directory: string; lacks: string[] } {
  const grounds = [tmpdir(), "/var/tmp"].map((directory) => {
    const probe = mkdtempSync(join(directory, "pve-posture-probe-"));
    const wants: [string, string, string][] = [
      ["file capabilities", "security.capability", capV2],
      ["capabilities of user namespaces", "security.capability", capV3(100000)],
      ["ACLs", "system.posix_acl_access", acl(1, 2)],
    ];
    const lacks = wants.filter(([, name, value]) => perl(setXattr, probe, name, value).status !== 0).map(([what]) => what);
    rmSync(probe, { recursive: true });
    return { directory, lacks };
  });
  return grounds.toSorted((a, b) => a.lacks.length - b.lacks.length)[0]!;
}

/** How a program of perl's is killed, failed or signalled at its nth change; `PERL5OPT` makes perl load it. */
const fault = `package Fault;
my ($n, $failed) = (0, 0);
my %changing = map { $_ => 1 } 188, 260, 5, 54;
sub step {
  $n++;
  kill 9, $$ if ($ENV{KILL_AT} // 0) == $n;
  if (($ENV{SIGNAL_AT} // 0) == $n) { kill $_, $$, getppid for qw(HUP INT TERM PIPE) }
}
sub fails {
  my ($what) = @_;
  my ($when, $from, $to) = split /:/, $ENV{FAIL_AT} // "";
  return 0 unless $when && $when eq $what;
  $failed++;
  return $failed >= $from && $failed <= $to && ($! = 5);
}
sub around { my ($what, $code) = @_; return $what =~ /^(?:chown|setxattr)$/ ? -1 : 0 if fails($what); step(); my $result = $code->(); my $error = $!; step(); $! = $error; $result }
BEGIN {
  if ($0 =~ /shift-owners/) {
    *CORE::GLOBAL::syscall = sub ($@) {
      my $args = \\@_;
      my $call = sub { CORE::syscall($args->[0], @$args[1 .. $#$args]) };
      return $call->() unless $changing{$_[0]};
      return around($_[0] == 260 || $_[0] == 54 ? "chown" : "setxattr", $call);
    };
    *CORE::GLOBAL::chmod = sub (@) { my @args = @_; around("chmod", sub { CORE::chmod($args[0], @args[1 .. $#args]) }) };
    *CORE::GLOBAL::rename = sub ($$) { my ($from, $to) = @_; around("rename", sub { CORE::rename($from, $to) }) };
    *CORE::GLOBAL::unlink = sub (@) { my @args = @_; around("unlink", sub { CORE::unlink(@args) }) };
  }
}
END { if ($ENV{COUNT_IN}) { open my $file, ">", $ENV{COUNT_IN}; print $file $n } }
1;
`;

type Faults = Partial<Record<"KILL_AT" | "SIGNAL_AT" | "FAIL_AT" | "COUNT_IN", string>>;
const conf = "arch: amd64\nunprivileged: 1\n\n[snap]\nlock: backup\n";

describe("shifting the owners of a container's files", function () {
  this.timeout(180_000);
  let ground: string;
  let lacks: string[] = [];
  const roots: string[] = [];

  before(function () {
    if (process.platform !== "linux" || process.getuid?.() !== 0) {
      if (process.env["CI"] === "true") throw new Error("the tests of shift-owners.pl need root");
      console.log("      not root on Linux: owners can't be changed");
      return this.skip();
    }
    ({ directory: ground, lacks } = findGround());
    if (lacks.length > 0) console.log(`      ${ground} takes no ${lacks.join(", no ")}: not tested`);
  });
  after(() => roots.forEach((root) => rmSync(root, { recursive: true, force: true })));

  class Place {
    private constructor(readonly node: StandIns) {
      mkdirSync(join(node.root, "tmp"), { recursive: true });
      mkdirSync(this.top, { recursive: true });
      mkdirSync(this.at("/fault"));
      writeFileSync(this.at("/fault/Fault.pm"), fault);
      lchownSync(this.top, 100000, 100000);
    }

    static async make(standIns: (root: string) => Record<string, string> = () => ({}), text = conf): Promise<Place> {
      const root = realpathSync(mkdtempSync(join(ground, "pve-posture-test-")));
      roots.push(root);
      return new Place(await standInsFor(root, { files: { "/etc/pve/lxc/951.conf": text }, standIns: standIns(root) }));
    }

    get top() {
      return this.at("/var/lib/lxc/951/rootfs");
    }

    at(path: string): string {
      return join(this.node.root, path);
    }

    env(faults: Faults = {}): NodeJS.ProcessEnv {
      return { ...this.node.env, TMPDIR: this.at("/tmp"), PERL5LIB: this.at("/fault"), PERL5OPT: "-MFault", ...faults };
    }

    add(name: string | Buffer, uid: number, gid = uid, mode?: number): Buffer {
      const path = Buffer.concat([Buffer.from(`${this.top}/`), Buffer.from(name)]);
      const make = !existsSync(path);
      if (make && path.at(-1) === 0x2f) mkdirSync(path);
      else if (make) writeFileSync(path, "");
      lchownSync(path, uid, gid);
      if (mode !== undefined) chmodSync(path, mode);
      return path;
    }

    xattr(name: string, attribute: string, value: string): void {
      const { status, stderr } = perl(setXattr, `${this.top}/${name}`, attribute, value);
      if (status !== 0) throw new Error(`${name} ${attribute}: ${stderr}`);
    }

    /** One of everything. */
    fill(): this {
      this.add("bin/", 100000);
      this.add("bin/plain", 101000, 100044);
      this.add("bin/nobody", 0, 0);
      this.add("bin/su", 100000, 100000, 0o4755);
      this.add("bin/wall", 100000, 100005, 0o2755);
      this.add("bin/both", 100000, 100044, 0o6711);
      this.add("bin/mandatory", 100000, 100000, 0o2644);
      this.add("tmp/", 100000, 100000, 0o1777);
      this.add("tmp/group/", 131072, 100044, 0o2775);
      this.add("tmp/hard", 140000, 100000, 0o4755);
      linkSync(join(this.top, "tmp/hard"), join(this.top, "tmp/group/hard"));
      for (const name of ["line\nbreak", "-rf", "quo'\"te $(id) `id`\\", "*", " ", Buffer.from([0xff, 0xfe, 0x01])]) this.add(name, 165535, 100000, 0o4700);
      for (const [name, to] of [["out", this.at("/outside")], ["up", "../../../../.."], ["gone", "nowhere"]] as const) {
        symlinkSync(to, join(this.top, name));
        lchownSync(join(this.top, name), 100001, 100002);
      }
      spawnSync("mkfifo", [join(this.top, "fifo")]);
      this.add("fifo", 100003, 100044, 0o2600);
      if (!lacks.includes("file capabilities")) {
        for (const name of ["ping", "ping-su"]) {
          this.add(name, 100000, 100000, name === "ping" ? 0o755 : 0o4755);
          this.xattr(name, "security.capability", capV2);
        }
      }
      if (!lacks.includes("capabilities of user namespaces")) {
        for (const [name, uid] of [["ping3", 100000], ["ping0", 0]] as const) {
          this.add(name, uid);
          this.xattr(name, "security.capability", capV3(100000));
        }
      }
      if (!lacks.includes("ACLs")) {
        this.add("shared/", 100000);
        this.xattr("shared", "system.posix_acl_access", acl(101000, 100044));
        this.xattr("shared", "system.posix_acl_default", acl(0, 150000));
        this.add("shared/su", 100000, 100000, 0o4755);
        this.xattr("shared/su", "system.posix_acl_access", acl(140000, 100044));
      }
      mkdirSync(this.at("/outside"));
      writeFileSync(this.at("/outside/file"), "");
      for (const path of ["/outside", "/outside/file"]) lchownSync(this.at(path), 100001, 100001);
      return this;
    }

    list(directory = this.top): string[] {
      const { stdout, stderr, status } = perl(listing, directory);
      if (status !== 0) throw new Error(stderr);
      return stdout.trimEnd().split("\n");
    }

    start(input: Buffer, faults: Faults = {}) {
      return spawnSync("sh", ["-c", nodeScripts.shift], { env: this.env(faults), input });
    }

    run(asked: ShiftRequest, faults: Faults = {}): ShiftOutcome | undefined {
      const { stdout, stderr } = this.start(encodeShift(asked), faults);
      const outcome = decodeShift(stdout);
      if (!outcome && !faults.KILL_AT) throw new Error(`neither done nor refused: ${stdout.toString()} ${stderr.toString()}`);
      return outcome;
    }

    refusal(asked: ShiftRequest, faults: Faults = {}): string {
      const outcome = this.run(asked, faults)!;
      if ("done" in outcome) throw new Error("done");
      const { code, detail, output } = outcome.refused;
      return [`${code} ${detail}`, output].filter(Boolean).join(": ");
    }

    get conf(): string {
      return readFileSync(this.at("/etc/pve/lxc/951.conf"), "latin1");
    }

    get journal() {
      const path = this.at(shiftJournalPath(951));
      return existsSync(path) ? parseShiftJournal(readFileSync(path, "latin1")) : undefined;
    }

    /** Nothing of ours is left, and nobody is locked out. */
    expectFree(): void {
      expect(this.conf).to.equal(conf);
      expect(spawnSync("ls", ["-A", this.at("/var/lib/pve-posture"), this.at("/tmp")]).stdout.toString().replaceAll(/.*:\n|\n/g, "")).to.equal("");
    }

    copy(): string {
      const to = this.at("/copy");
      spawnSync("cp", ["-a", this.top, to]);
      return to;
    }

    restore(): void {
      rmSync(this.top, { recursive: true });
      rmSync(this.at("/var/lib/pve-posture"), { recursive: true, force: true });
      rmSync(this.at("/tmp"), { recursive: true });
      mkdirSync(this.at("/tmp"));
      writeFileSync(this.at("/etc/pve/lxc/951.conf"), conf);
      spawnSync("cp", ["-a", this.at("/copy"), this.top]);
    }
  }

  /** What a listing must become, by the pure half of the library. */
  function shifted(listed: readonly string[], to: IdMap): string[] {
    const moves = shift(old, to);
    const id = (type: "u" | "g", one: number) => moved(moves, type, one) ?? one;
    const hexId = (type: "u" | "g", hex: string) => le(id(type, Buffer.from(hex, "hex").readUInt32LE()));
    const ofAcl = (hex: string) =>
      hex.replace(/(?<=^.{8}(?:.{16})*)(02|08)(.{6})(.{8})/g, (_, tag: string, rest: string, one: string) => tag + rest + hexId(tag === "02" ? "u" : "g", one));
    return listed.map((line) => {
      const [name, mode, uid, gid, links, target, caps, access, inherited] = line.split(" ") as string[];
      const newCaps = caps!.length === 48 ? caps!.slice(0, 40) + hexId("u", caps!.slice(40)) : caps;
      return [name, mode, id("u", Number(uid)), id("g", Number(gid)), links, target, newCaps, ofAcl(access!), ofAcl(inherited!)].join(" ");
    });
  }

  const maps: [string, IdMap][] = [
    ["another base", base(300000)],
    ["a group that passes through", passthrough],
    ["another base, half of whose ids are old ones", overlapping],
    ["ids that change places", parseMap(["u 0 101000 1", "u 1 100001 999", "u 1000 100000 1", "u 1001 101001 64535", "g 0 100000 65536"])],
    ["above 2^31", base(4000000000)],
  ];
  for (const [what, to] of maps) {
    it(`shifts everything, and back: ${what}`, async () => {
      const place = (await Place.make()).fill();
      const [before, outside] = [place.list(), place.list(place.at("/outside"))];
      const expected = shifted(before, to);
      const outcome = place.run(request(to)) as { done: { shifted: number; kept: number; other: number } };
      expect(place.list()).to.deep.equal(expected);
      expect(outcome.done.shifted).to.be.above(0);
      expect(outcome.done.shifted + outcome.done.kept + outcome.done.other).to.equal(before.length);
      expect(outcome.done.other).to.equal(lacks.includes("capabilities of user namespaces") ? 1 : 2);
      expect(place.conf).to.equal(conf.replace("unpriv", "lock: disk\nunpriv"));
      expect(place.journal!.phase).to.equal("done");
      expect(place.run(request(to)), "again").to.deep.equal(outcome);
      expect(place.run(request(to, { do: "unmount" }))).to.deep.equal({ done: {} });
      place.expectFree();
      expect(place.list()).to.deep.equal(expected);
      expect(place.run(request(to, { do: "unmount" })), "again").to.deep.equal({ done: {} });
      expect(place.run({ ...request(old), from: to })).to.have.property("done");
      expect(place.list()).to.deep.equal(before);
      expect(place.list(place.at("/outside"))).to.deep.equal(outside);
    });
  }

  it("goes back when it is asked to, and again", async () => {
    const place = (await Place.make()).fill();
    const before = place.list();
    place.run(request(overlapping));
    expect(place.refusal(request(base(500000)))).to.equal("other-shift -");
    for (let i = 0; i < 2; i++) expect(place.run(request(overlapping, { do: "back" }))).to.deep.equal({ done: {} });
    expect(place.list()).to.deep.equal(before);
    place.expectFree();
  });

  it("doesn't touch binds, though they are on the same file system; shifts volumes", async () => {
    const place = await Place.make();
    const names = ["srv/", "srv/my models/", "srv/my models/big", "srv/my models/d/", "srv/data/", "srv/data/x", "dev/", "dev/nvidia0", "srv/my models2"];
    for (const name of names) place.add(name, 100001);
    const binds = ["/srv/my models", "dev/nvidia0"];
    expect(place.run(request(base(300000), { binds, volumes: ["srv/data"] }))).to.deep.equal({ done: { shifted: 6, kept: 0, other: 0 } });
    const owners = names.map((name) => lstatSync(join(place.top, name)).uid);
    expect(owners).to.deep.equal([300001, 100001, 100001, 100001, 300001, 300001, 300001, 100001, 300001]);
  });

  it("refuses where a volume is not there", async () => {
    const place = await Place.make();
    expect(place.refusal(request(overlapping, { volumes: ["srv/data"] }))).to.equal("missing srv/data");
    place.expectFree();
  });

  const mounts: [string, Partial<ShiftRequest>, string, string][] = [
    ["a volume: shifted", { volumes: ["srv/data"] }, "done", "300001"],
    ["a bind: untouched", { binds: ["srv/data"] }, "done", "100001"],
    ["neither: refused", {}, "refused foreign srv/data", "100001"],
  ];
  for (const [kind, mount] of [["another file system", 'mount -t tmpfs none "$0"'], ["a bind mount of the same", 'mount --bind "$2" "$0"']] as const) {
    for (const [what, more, said, owner] of mounts) {
      it(`${kind} that is ${what}`, async function () {
        const place = await Place.make();
        for (const name of ["srv/", "srv/data/"]) place.add(name, 100000);
        mkdirSync(place.at("/models"));
        const script = `set -e; ${mount}; touch "$0/x"; chown 100001 "$0/x"; sh -c "$1"; stat -c %u "$0/x"`;
        const { stdout, stderr, status } = spawnSync(
          "unshare",
          ["-m", "sh", "-c", script, join(place.top, "srv/data"), nodeScripts.shift, place.at("/models")],
          { env: place.env(), input: encodeShift(request(base(300000), more)) },
        );
        if (/unshare:|mount:/.test(stderr.toString())) {
          console.log(`      can't mount here: ${stderr.toString().trim()}`);
          return this.skip();
        }
        expect([status, stdout.toString().split("\n").map((line) => line.replace(/ shifted.*/, ""))]).to.deep.equal([0, [said, owner, ""]]);
      });
    }
  }

  it("takes a tree that is deeper than paths and open files may be", async () => {
    const place = await Place.make();
    const deep = (program: string) => perl(`chdir $ARGV[0]; for (1 .. 3000) { ${program} } print scalar(() = stat "."), (stat ".")[4]`, place.top).stdout;
    deep('mkdir "dir"; chown 100001, 100001, "dir"; chdir "dir"');
    expect(place.run(request(base(300000)))).to.deep.equal({ done: { shifted: 3001, kept: 0, other: 0 } });
    expect(deep('chdir "dir" or die')).to.equal("13300001");
    spawnSync("rm", ["-rf", join(place.top, "dir")]);
  });

  describe("refuses, and nothing has changed:", () => {
    const owned: [string, IdMap, (place: Place) => void, string][] = [
      ["files of ids that are none of the container's", passthrough, (place) => [place.add("a\nb", 100000, 44), place.add("c", 0, 44)], "taken 2 a\\x0ab"],
      ["one of a detour's ids", overlapping, (place) => place.add("x", 3000000000), "taken 1 x"],
      ["the root directory", base(300000), (place) => lchownSync(place.top, 300000, 0), "taken 1 /"],
    ];
    for (const [what, to, prepare, expected] of owned) {
      it(what, async () => {
        const place = (await Place.make()).fill();
        prepare(place);
        const before = place.list();
        const [code, count, path] = expected.split(" ");
        const said = place.refusal(request(to));
        // of several the first that the directory gives
        if (count === "2") expect(said).to.be.oneOf([expected, `${code} ${count} c`]);
        else expect(said).to.equal(`${code} ${count} ${path}`);
        expect(place.list()).to.deep.equal(before);
        place.expectFree();
      });
    }

    it("an id that only an ACL or a capability names", async function () {
      if (lacks.length > 0) return this.skip();
      const place = await Place.make();
      place.add("x", 100000);
      place.xattr("x", "system.posix_acl_access", acl(1, 300000));
      place.add("y", 100000);
      place.xattr("y", "security.capability", capV3(300000));
      expect(place.refusal(request(base(300000)))).to.match(/^taken 2 [xy]$/);
    });

    it("input that was cut off", async () => {
      const place = (await Place.make()).fill();
      const before = place.list();
      const input = encodeShift(request(overlapping, { binds: ["end"] }));
      for (let length = 0; length < input.length - 4; length += 9) {
        expect(place.start(input.subarray(0, length)).stdout.toString(), `${length}`).to.equal("refused node-failed incomplete\n");
      }
      expect(place.list()).to.deep.equal(before);
      expect(existsSync(place.at("/var/lib/pve-posture"))).to.be.false;
    });

    const states: [string, (place: Place) => void, string][] = [
      ["a running container", (place) => mkdirSync(place.at("/sys/fs/cgroup/lxc/951"), { recursive: true }), "running -"],
      ["a locked container", (place) => writeFileSync(place.at("/etc/pve/lxc/951.conf"), `lock: backup\n${conf}`), "locked backup"],
      ["a container that somebody else has mounted", (place) => writeFileSync(place.at("/etc/pve/lxc/951.conf"), `lock: mounted\n${conf}`), "locked mounted"],
      ["no container", (place) => rmSync(place.at("/etc/pve/lxc/951.conf")), "missing /etc/pve/lxc/951.conf"],
    ];
    for (const [what, prepare, expected] of states) {
      it(what, async () => {
        const place = (await Place.make()).fill();
        prepare(place);
        const before = place.list();
        expect(place.refusal(request(overlapping))).to.equal(expected);
        expect(place.list()).to.deep.equal(before);
        expect(place.journal).to.be.undefined;
      });
    }

    it("a container that can't be mounted", async () => {
      const place = (await Place.make(() => ({ pct: "#!/bin/sh\necho no such volume >&2; exit 1\n" }))).fill();
      const before = place.list();
      expect(place.refusal(request(overlapping))).to.equal("mount mount: no such volume");
      expect(place.list()).to.deep.equal(before);
      place.expectFree();
    });

    it("a container that was started while it was mounted", async () => {
      const place = await Place.make((root) => ({ pct: pct(root).replace("\n", `\nmkdir -p ${root}/sys/fs/cgroup/lxc/951\n`) }));
      place.fill();
      const before = place.list();
      expect(place.refusal(request(overlapping))).to.equal("running -");
      expect(place.list()).to.deep.equal(before);
      place.expectFree();
    });
  });

  describe("undoes what can't be done whole:", () => {
    it("a file that can't be changed", async function () {
      const place = (await Place.make()).fill();
      const before = place.list();
      const file = join(place.top, "tmp/hard");
      if (spawnSync("chattr", ["+i", file]).status !== 0) {
        console.log("      no immutable files here");
        return this.skip();
      }
      try {
        expect(place.refusal(request(overlapping))).to.match(/^failed tmp\/(group\/)?hard: chown: Operation not permitted$/);
      } finally {
        spawnSync("chattr", ["-i", file]);
      }
      expect(place.list()).to.deep.equal(before);
      place.expectFree();
    });

    // the nth of each kind fails; the last of a kind too, where it is in the second phase
    for (const at of ["chown:1:1", "chown:9:9", "chown:30:30", "chown:40:40", "chmod:1:1", "chmod:4:4", "chmod:12:12", "setxattr:1:1", "setxattr:2:2", "setxattr:3:3", "setxattr:9:9", "rename:3:3"]) {
      it(`an error at ${at}`, async function () {
        if (at.startsWith("setxattr") && lacks.length > 0) return this.skip();
        const place = (await Place.make()).fill();
        const before = place.list();
        const said = place.refusal(request(overlapping), { FAIL_AT: at });
        expect(said).to.match(/^failed .*: (chown|chmod|journal|security\.capability|system\.posix_acl_\w+): Input\/output error$/);
        expect(place.list()).to.deep.equal(before);
        place.expectFree();
      });
    }

    it("and says so where that fails too; later it goes on, or back", async () => {
      for (const later of ["shift", "back"] as const) {
        const place = (await Place.make()).fill();
        const before = place.list();
        expect(place.refusal(request(overlapping), { FAIL_AT: "chown:20:99999" })).to.match(/^failed-halfway .*: chown: Input\/output error$/);
        expect(place.list()).not.to.deep.equal(before);
        expect(place.conf).to.contain("lock: disk");
        expect(place.refusal(request(overlapping, { do: "unmount" }))).to.match(/^unfinished [12]$/);
        expect(place.run(request(overlapping, { do: later }))).to.have.property("done");
        expect(place.list()).to.deep.equal(later === "back" ? before : shifted(before, overlapping));
      }
    });

    it("but is not sent forth again where it fails on the way back", async () => {
      const place = (await Place.make()).fill();
      const before = place.list();
      place.run(request(overlapping));
      expect(place.refusal(request(overlapping, { do: "back" }), { FAIL_AT: "chown:9:9" })).to.match(/^failed-halfway /);
      expect(place.conf).to.contain("lock: disk");
      expect(place.run(request(overlapping, { do: "back" }))).to.deep.equal({ done: {} });
      expect(place.list()).to.deep.equal(before);
      place.expectFree();
    });
  });

  describe("killed at any moment", () => {
    const back = (to: IdMap): ShiftRequest => ({ ...request(old), from: to });
    for (const [what, to, every] of [["directly", base(300000), 5], ["by a detour", overlapping, 6]] as const) {
      it(`${what}: goes on, or back`, async function () {
        this.timeout(600_000);
        const place = (await Place.make()).fill();
        place.copy();
        const before = place.list();
        const after = shifted(before, to);
        place.run(request(to), { COUNT_IN: place.at("/count") });
        const steps = Number(readFileSync(place.at("/count"), "latin1"));
        expect(place.list()).to.deep.equal(after);
        let points = 0;
        for (let step = 1; step <= steps; step += every) {
          place.restore();
          const label = `${step} of ${steps}`;
          expect(place.run(request(to), { KILL_AT: `${step}` }), label).to.be.undefined;
          // killed again on the way, every other time
          const second = { KILL_AT: `${(step * 7) % 60 + 1}` };
          const ways: [ShiftRequest, string[]][] = [[request(to), after], [request(to, { do: "back" }), before], [back(to), before]];
          const [next, expected] = ways[points % 3]!;
          if (points % 2) place.run(next, second);
          expect(place.run(next), label).to.have.property("done");
          expect(place.list(), label).to.deep.equal(expected);
          if (next.do === "shift") place.run({ ...next, do: "unmount" });
          place.expectFree();
          points++;
        }
        console.log(`        ${points} of ${steps} points`);
        expect(points).to.be.above(15);
      });
    }

    it("while it gives the container back, or undoes", async () => {
      const place = (await Place.make()).fill();
      place.copy();
      const before = place.list();
      for (let step = 1; step <= 4; step++) {
        place.restore();
        place.run(request(overlapping));
        place.run(request(overlapping, { do: "unmount" }), { KILL_AT: `${step}` });
        expect(place.run(request(overlapping, { do: "unmount" }))).to.deep.equal({ done: {} });
        place.expectFree();
      }
      for (let step = 60; step <= 200; step += 20) {
        place.restore();
        place.run(request(overlapping), { FAIL_AT: "chown:25:25", KILL_AT: `${step}` });
        expect(place.run(request(overlapping, { do: "back" })), `${step}`).to.deep.equal({ done: {} });
        expect(place.list()).to.deep.equal(before);
        place.expectFree();
      }
    });
  });

  it("goes on to the end, whatever signals come", async () => {
    const place = (await Place.make()).fill();
    const expected = shifted(place.list(), overlapping);
    expect(place.run(request(overlapping), { SIGNAL_AT: "30" })).to.have.property("done");
    expect(place.list()).to.deep.equal(expected);
  });

  it("goes on to the end where nobody listens", async () => {
    const place = (await Place.make()).fill();
    const expected = shifted(place.list(), overlapping);
    spawnSync("sh", ["-c", '{ sleep 0.1; cat; } | sh -c "$0" 2>&1 | true', nodeScripts.shift], { env: place.env(), input: encodeShift(request(overlapping)) });
    expect(place.list()).to.deep.equal(expected);
    expect(place.journal!.phase).to.equal("done");
  });

  it("two at the same time: one after the other; pct doesn't inherit the lock", async () => {
    const place = await Place.make((root) => ({ pct: pct(root).replace("\n", () => `\nls -l /proc/$$/fd >> ${root}/open\n`) }));
    const expected = shifted(place.fill().list(), overlapping);
    const outcomes = await Promise.all(
      [1, 2].map(
        () =>
          new Promise<ShiftOutcome | undefined>((resolve, reject) => {
            const child = spawn("sh", ["-c", nodeScripts.shift], { env: place.env() });
            const parts: Buffer[] = [];
            child.stdout.on("data", (part: Buffer) => parts.push(part));
            child.on("error", reject);
            child.on("close", () => resolve(decodeShift(Buffer.concat(parts))));
            child.stdin.end(encodeShift(request(overlapping)));
          }),
      ),
    );
    expect(outcomes[0]).to.have.property("done");
    expect(outcomes[1]).to.deep.equal(outcomes[0]);
    expect(place.list()).to.deep.equal(expected);
    expect(readFileSync(place.at("/open"), "latin1")).to.contain(" -> ").and.not.to.contain("pve-posture-951.lock");
  });

  it("never leaves the tree, though a directory is swapped for a link all the time", async () => {
    const place = await Place.make();
    mkdirSync(place.at("/outside"));
    for (const directory of ["outside", "var/lib/lxc/951/rootfs/swap"]) {
      mkdirSync(place.at(directory), { recursive: true });
      for (let i = 0; i < 200; i++) {
        writeFileSync(place.at(`${directory}/${i}`), "");
        lchownSync(place.at(`${directory}/${i}`), 100001, 100001);
        if (i % 50 === 0) chmodSync(place.at(`${directory}/${i}`), 0o4755);
      }
      lchownSync(place.at(directory), 100001, 100001);
    }
    symlinkSync(place.at("/outside"), join(place.top, "link"));
    // what was changed and changed back has another ctime
    const outside = () => ["", ...Array.from({ length: 200 }, (_, i) => `/${i}`)].map((path) => lstatSync(place.at(`/outside${path}`), { bigint: true }).ctimeNs);
    const before = outside();
    const swap = 'chdir $ARGV[0]; while (1) { rename "swap", "aside"; rename "link", "swap"; rename "swap", "link"; rename "aside", "swap" }';
    const swapper = spawn("perl", ["-e", swap, place.top]);
    const seen: Record<string, number> = {};
    try {
      for (const end = Date.now() + 5000; Date.now() < end; ) {
        for (const asked of [request(overlapping), request(overlapping, { do: "back" })]) {
          const outcome = place.run(asked)!;
          const said = "done" in outcome ? "done" : outcome.refused.code;
          seen[said] = (seen[said] ?? 0) + 1;
        }
      }
    } finally {
      swapper.kill("SIGKILL");
    }
    console.log(`        ${JSON.stringify(seen)}`);
    expect(outside()).to.deep.equal(before);
  });
});

describe("the stand-in for pct mounts as Proxmox VE does", () => {
  it("locks, refuses what is locked, and unlocks", async () => {
    const root = mkdtempSync(join(tmpdir(), "pve-posture-test-"));
    try {
      const text = "#note\narch: amd64\nunprivileged: 1\nlxc.cap.drop: x\n\n[snap]\narch: amd64\n";
      const node = await standInsFor(root, { files: { "/etc/pve/lxc/951.conf": text } });
      const run = (verb: string) => {
        const { stdout, stderr, status } = spawnSync("pct", [verb, "951"], { env: node.env, encoding: "latin1" });
        return `${status} ${stdout}${stderr}`;
      };
      const file = join(node.root, "etc/pve/lxc/951.conf");
      expect(run("mount")).to.equal("0 mounted CT 951 in '/var/lib/lxc/951/rootfs'\n");
      expect(readFileSync(file, "latin1")).to.equal(text.replace("unpriv", "lock: mounted\nunpriv"));
      expect(existsSync(join(node.root, "var/lib/lxc/951/rootfs"))).to.be.true;
      expect(run("mount")).to.equal("255 CT is locked (mounted)\n");
      expect(run("start"), "as Proxmox VE").to.equal("0 ");
      run("stop");
      expect(run("unmount")).to.equal("0 ");
      expect(readFileSync(file, "latin1")).to.equal(text);
      expect(run("unmount")).to.match(/^255 ./);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
