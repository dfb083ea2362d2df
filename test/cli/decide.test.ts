import { expect } from "chai";
import { readFileSync } from "node:fs";
import { classes, questionOf } from "../../provider/cli/profile/access.js";
import { folder, jsonl, pvePosture } from "./cli.js";

const lines = (objects: unknown[]) => objects.map((object) => `${JSON.stringify(object)}\n`).join("");

describe("pve-posture profile decide", () => {
  const place = folder({
    one: "profile lxc-a {\n  /srv/** rw,\n  audit deny /srv/secret/** w,\n  /bin/sh Px -> lxc-b,\n  capability chown,\n}\n",
    two: "profile lxc-a {\n  /a r,\n  profile inner {\n    /b r,\n  }\n}\nprofile lxc-b {\n}\n",
    broken: "profile lxc-a {\n",
  });
  after(place.remove);
  const decide = (file: string, input: string) => pvePosture(["profile", "decide", file], { cwd: place.path, input });

  it("answers each access in order, with the rules that decide", async () => {
    const { code, stdout } = await decide(
      "one",
      lines([
        { class: "file", path: "/srv/x", permissions: "rw" },
        { class: "file", path: "/srv/secret/x", permissions: "w" },
        { class: "file", path: "/etc/shadow", permissions: "r" },
        { class: "file", path: "/bin/sh", permissions: "x" },
        { class: "capability", capability: "sys_admin" },
      ]),
    );
    expect(code).to.equal(0);
    const [allowed, denied, implicit, exec, capability] = jsonl(stdout);
    expect(allowed).to.deep.equal({
      allowed: true,
      audited: false,
      rules: [{ file: "one", line: 2, column: 3, text: "/srv/** rw," }],
    });
    expect(denied).to.deep.include({ allowed: false, audited: true, denial: "explicit" });
    expect(denied.rules).to.deep.include({
      file: "one",
      line: 3,
      column: 3,
      text: "audit deny /srv/secret/** w,",
    });
    expect(implicit).to.deep.equal({ allowed: false, audited: true, denial: "implicit", rules: [] });
    expect(exec).to.include({ allowed: true, transition: "Px -> lxc-b" });
    expect(capability).to.include({ allowed: false, denial: "implicit" });
  });

  it("asks which profile is meant where there are several", async () => {
    const read = { class: "file", path: "/b", permissions: "r" };
    const { code, stdout } = await decide(
      "two",
      lines([read, { ...read, profile: "lxc-a" }, { ...read, profile: "lxc-a//inner" }, { ...read, profile: "lxc-c" }]),
    );
    expect(code).to.equal(2);
    const [unclear, outer, inner, none] = jsonl(stdout);
    expect(unclear).to.deep.include({ line: 1 }).and.property("error").that.contains("lxc-a, lxc-a//inner, lxc-b");
    expect(outer.allowed).to.equal(false);
    expect(inner.allowed).to.equal(true);
    expect(none).to.deep.include({ line: 4 }).and.property("error").that.contains("no profile lxc-c");
  });

  it("answers a line that is no access with an error, goes on, and exits with 2", async () => {
    const wrong = [
      {},
      { class: "file", path: "relative", permissions: "r" },
      { class: "file", path: "/a", permissions: "q" },
      { class: "capability", capability: "chown", extra: 1 },
    ];
    const { code, stdout } = await decide("one", `${lines(wrong)}nonsense\n${lines([{ class: "capability", capability: "chown" }])}`);
    expect(code).to.equal(2);
    const answers = jsonl(stdout);
    expect(answers.slice(0, 5).map(({ error, line }) => [typeof error, line])).to.deep.equal(
      [1, 2, 3, 4, 5].map((line) => ["string", line]),
    );
    expect(answers[5]).to.include({ allowed: true });
  });

  it("refuses a profile that is invalid or not there", async () => {
    const broken = await decide("broken", "");
    expect(broken).to.include({ code: 2, stdout: "" });
    expect(broken.stderr).to.match(/^broken:1:\d+: error /);
    expect(await decide("nowhere", "")).to.include({
      code: 2,
      stderr: "pve-posture: nowhere: no such file\n",
    });
    expect(await decide("-", "")).to.include({ code: 2 });
  });

  it("takes an access of each class", () => {
    const accesses = [
      { class: "file", path: "/a", permissions: "l", target: "/b", owner: false },
      { class: "capability", capability: "chown" },
      { class: "network", family: "inet", type: "stream", peer: { address: "10.0.0.1", port: 22 } },
      { class: "unix", access: ["send"], type: "stream", address: "@x", peer: { label: "y" } },
      { class: "signal", access: "send", signal: "kill", peer: "x" },
      { class: "ptrace", access: "trace", peer: "x" },
      { class: "mount", source: "/dev/sda1", target: "/mnt", fstype: "ext4", options: ["rw"] },
      { class: "remount", target: "/mnt" },
      { class: "umount", target: "/mnt" },
      { class: "pivot_root", path: "/new", old: "/new/old" },
      { class: "change_profile", target: "lxc-b", exec: "/bin/sh" },
      { class: "dbus", access: "send", bus: "system", member: "Get" },
      { class: "mqueue", access: ["create"], type: "posix", name: "/q" },
      { class: "userns" },
      { class: "io_uring", access: "sqpoll" },
      { class: "rlimit", resource: "nofile", value: 1024 },
    ];
    for (const access of accesses) expect(questionOf({ ...access, profile: "p" })).to.deep.equal({ access, profile: "p" });
  });

  describe("names and fields that there are not", () => {
    const refused: [line: unknown, error: string][] = [
      [
        { class: "capability", capability: "sys_adm" },
        'capability access: "capability": there is no capability "sys_adm": did you mean "sys_admin"?',
      ],
      [{ class: "capability", capability: "CAP_SYS_ADMIN" }, 'did you mean "sys_admin"?'],
      [{ class: "network", family: "inet4" }, 'network access: "family": there is no address family "inet4": did you mean "inet"?'],
      [{ class: "network", family: "AF_INET6" }, 'did you mean "inet6"?'],
      [{ class: "network", family: "inet", type: "strem" }, 'there is no socket type "strem": did you mean "stream"?'],
      [{ class: "network", family: "inet", protocol: "sctpx" }, "expected one of tcp, udp, icmp"],
      [{ class: "network", family: "inet", access: ["conect"] }, 'did you mean "connect"?'],
      [
        { class: "network", family: "inet", peer: { address: "10.0.0.300" } },
        '"peer": "address": "10.0.0.300" is not an IPv4 or IPv6 address',
      ],
      [{ class: "network", family: "inet", local: { port: 65536 } }, '"local": "port": must be a port, a whole number from 0 to 65535'],
      [{ class: "unix", access: "send" }, 'unix access: "access": must be a list of one or more of create, bind'],
      [{ class: "unix" }, 'unix access: "access" is missing: a list of one or more of create, bind'],
      [{ class: "unix", access: [] }, "must be a list of one or more"],
      [{ class: "unix", access: ["send"], type: "dgrm" }, 'did you mean "dgram"?'],
      [{ class: "signal", access: "send", signal: "sigkill", peer: "x" }, 'there is no signal "sigkill": did you mean "kill"?'],
      [{ class: "signal", access: "send", signal: "rtmin+99", peer: "x" }, 'there is no signal "rtmin+99"'],
      [{ class: "mount", target: "/m", options: ["rww"] }, 'there is no mount option "rww": did you mean "rw"?'],
      [{ class: "mqueue", access: ["open"], type: "posx", name: "/q" }, 'there is no type of message queue "posx": did you mean "posix"?'],
      [{ class: "mqueue", access: ["open"], type: "sysv", name: "/q" }, '"name": a sysv queue'],
      [{ class: "dbus", access: "sent", bus: "system" }, 'did you mean "send"?'],
      [{ class: "io_uring", access: "sqpol" }, 'did you mean "sqpoll"?'],
      [{ class: "rlimit", resource: "nofiles", value: 1 }, 'there is no resource limit "nofiles": did you mean "nofile"?'],
      [{ class: "rlimit", resource: "nofile", value: "1" }, '"value": must be a number, 0 or more'],
      [{ class: "file", path: "/a", permision: "r" }, 'there is no field of class file "permision": did you mean "permissions"?'],
      [{ class: "file", path: "/a" }, 'file access: "permissions" is missing: one or more of the letters r w a l k m x'],
      [{ class: "file", path: "a", permissions: "r" }, '"path": must be a path that begins with /'],
      [{ class: "file", path: "/a\0b", permissions: "r" }, '"path": holds a NUL'],
      [{ class: "file", path: "/a", permissions: "r", target: "/b" }, '"target": only a link has one'],
      [{ class: "fil" }, '"class": there is no class "fil": did you mean "file"?'],
      [{ class: "toString" }, 'there is no class "toString"'],
      [{}, '"class" is missing: one of file, capability'],
      [[], "not an access: expected an object"],
      [null, "not an access: expected an object"],
    ];
    for (const [line, error] of refused) it(`refuses ${JSON.stringify(line)}`, () => expect(() => questionOf(line)).to.throw(error));

    it("takes names that compare gives", () => {
      for (const access of [
        { class: "network", family: "#46", type: "#9", access: ["create"] },
        { class: "signal", access: "send", signal: "#34", peer: "x" },
        { class: "signal", access: "send", signal: "rtmin+3", peer: "x" },
      ])
        expect(questionOf(access).access).to.deep.equal(access);
    });
  });

  describe("docs/accesses.md", () => {
    const page = readFileSync("docs/accesses.md", "utf8");
    const examples = jsonl(/```json\n([^]*?)```/.exec(page)![1]!);

    it("has one example of each class, with all of its fields", () => {
      expect(examples.map((example) => example.class)).to.deep.equal(Object.keys(classes));
      const seldom: Record<string, string[]> = { remount: ["source", "fstype", "data"] };
      for (const example of examples) {
        const { class: name, ...fields } = example;
        const all = Object.keys(classes[name as keyof typeof classes]).filter((field) => !seldom[name]?.includes(field));
        expect(Object.keys(fields), name).to.have.members(all);
      }
    });

    it("has a row of each class, which names its fields", () => {
      for (const [name, fields] of Object.entries(classes)) {
        const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
        expect(row, name).not.to.equal(undefined);
        if (name !== "remount") for (const field of Object.keys(fields)) expect(row, name).to.contain(`\`${field}\``);
      }
    });

    it("every example is answered", async () => {
      const { code, stdout } = await decide("one", lines(examples));
      expect(code, stdout).to.equal(0);
      const answers = jsonl(stdout);
      expect(answers).to.have.length(16);
      for (const answer of answers) expect(answer.allowed).to.be.a("boolean");
    });

    it("--help names it", async () => {
      expect((await pvePosture(["profile", "decide", "--help"])).stdout).to.contain("docs/accesses.md");
    });
  });
});
