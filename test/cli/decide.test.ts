import { expect } from "chai";
import { questionOf } from "../../provider/cli/profile/access.js";
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
});
