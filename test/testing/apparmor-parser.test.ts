import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseProfiles } from "../../provider/testing/profiles.js";
import { standInsFor, type StandIns } from "../../provider/testing/index.js";

const real = ["/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"].find((path) => existsSync(path));

// [what it is, text, is it valid?]
const table: [string, string, boolean][] = [
  ["a profile", "profile a { /x r, }", true],
  ["nothing", "", true],
  ["a comment", "# profile a {\n", true],
  ["rules in one line", "profile a { /a r,/b r, capability chown,capability fowner, }", true],
  ["globs with braces and commas", "profile a { /{usr/,}bin/[a,b]** rix, }", true],
  ["quotes", 'profile "a b" { "/x y, #" r, }', true],
  ["escapes", 'profile a { /x\\ y r, /z\\"q r, }', true],
  ["flags", "profile a flags=(attach_disconnected, mediate_deleted){ }", true],
  ["a path as header", "/usr/bin/x { /x r, }", true],
  ["a name and a path", "profile a /usr/bin/x { /x r, }", true],
  ["children and hats", "profile a { profile b { /x r, } ^c { /x r, } hat d { } }", true],
  [
    "a rule over several lines",
    "profile a {\n  mount options=(rw, bind)\n    /a/ -> /b/,\n  signal,\n}",
    true,
  ],
  ["a capability on the next line", "profile a { capability\n chown\n fowner, }", true],
  [
    "includes and variables",
    "include <tunables/global>\n@{X}=/a /b\nprofile a { include <abstractions/base>\n @{X}/** r, }",
    true,
  ],
  [
    "the old form of include",
    "#include <tunables/global>\nprofile a {\n  #include <abstractions/base>\n}",
    true,
  ],
  ["an include that may be missing", "profile a { include if exists <local/nothing> }", true],
  ["qualifiers", "profile a { audit deny /x/** wklx, owner /y rw, allow capability chown, }", true],
  ["exec transitions", "profile a { /x px -> b, /y cx -> c, /z Pix, profile c { } }", true],
  ["modes first", "profile a { r /x, }", true],
  ["conditions", "$y = true\nprofile a { if $y { /x r, } else { /z r, } }", true],
  [
    "other rules",
    "profile a { network inet stream, ptrace (read) peer=b, set rlimit nofile <= 10, change_profile -> b, pivot_root, }",
    true,
  ],
  ["a comment behind a rule", "profile a { /x r, # no comma, {\n }", true],
  ["no comma at the end", "profile a { /x r }", false],
  ["no comma between lines", "profile a {\n  /x r\n  /y r,\n}", false],
  ["no comma after a keyword's rule", "profile a {\n  network inet\n  /y r,\n}", false],
  ["no closing brace", "profile a { /x r,\n", false],
  ["a closing brace too many", "profile a { /x r, } }", false],
  ["no header", "/x r,", false],
  ["no opening brace", "profile a /x r, }", false],
  ["no name", "profile { /x r, }", false],
  ["an open quote", 'profile "a { /x r, }\n', false],
  ["an open parenthesis", "profile a { mount options=(rw , }", false],
  ["an open group", "profile a { /etc/{a,b r, }", false],
  ["an unknown rule", "profile a { bogus x, }", false],
  ["an unknown mode", "profile a { /x zz, }", false],
  ["no mode", "profile a { /x, }", false],
  ["an unknown capability", "profile a { capability sys_everything, }", false],
  ["an unknown flag", "profile a flags=(bogus) { }", false],
  ["a port", "profile a { network inet dgram port 53, }", false],
  ["a missing include", "profile a { include <abstractions/nothing> }", false],
  ["the same name twice", "profile a { /x r, } profile a { /y r, }", false],
];

describe("the stand-in for apparmor_parser", () => {
  const root = mkdtempSync(join(tmpdir(), "pve-posture-test-"));
  const file = join(root, "profile");
  let node: StandIns;
  before(async () => {
    node = await standInsFor(root);
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  function parser(args: string[], text?: string, env = node.env) {
    if (text !== undefined) writeFileSync(file, text);
    const { status, stdout, stderr } = spawnSync("apparmor_parser", args, { env, encoding: "utf8" });
    return { status, stdout, stderr };
  }
  const loaded = () =>
    parseProfiles(readFileSync(join(root, "sys/kernel/security/apparmor/profiles"), "utf8"));

  for (const [what, text, valid] of table) {
    it(`${valid ? "takes" : "refuses"} ${what}`, () => {
      const { status, stdout, stderr } = parser(["-Q", "-K", file], text);
      expect([status, stdout], stderr).to.deep.equal([valid ? 0 : 1, ""]);
      expect(stderr === "").to.equal(valid);
      expect(parser(["-r", file]).status, "and so does loading").to.equal(valid ? 0 : 1);
    });
  }

  it("agrees with the real one on all of these", function () {
    if (!real) return this.skip();
    for (const [what, text, valid] of table) {
      writeFileSync(file, text);
      const { status, stderr } = spawnSync(real, ["-Q", "-K", "-I", `${root}/etc/apparmor.d`, file], {
        encoding: "utf8",
      });
      expect(status === 0, `${what}: ${stderr}`).to.equal(valid);
    }
  }).timeout(60_000);

  it("prints errors as the real one does", () => {
    expect(parser(["-QK", file], "profile a {\n  /x r\n}\n").stderr).to.equal(
      `AppArmor parser error for ${file} in profile ${file} at line 3: syntax error, unexpected TOK_CLOSE, expecting TOK_END_OF_RULE\n`,
    );
    expect(parser(["-QK", "/nowhere"])).to.include({
      status: 2,
      stderr: "File /nowhere not found, skipping...\n",
    });
    expect(parser(["--bogus"]).status).to.equal(1);
  });

  it("prints names sorted, children included", () => {
    const text = "profile b { profile k { } }\nprofile a { ^h { } }\n";
    expect(parser(["-N", file], text).stdout).to.equal("a\na//h\nb\nb//k\n");
    expect(parser(["--names", "--quiet", file]).stdout).to.equal("a\na//h\nb\nb//k\n");
    if (real)
      expect(spawnSync(real, ["-N", file], { encoding: "utf8" }).stdout).to.equal("a\na//h\nb\nb//k\n");
  });

  it("loads, replaces and removes, children with their parents", () => {
    parser(["-rW", file], "profile lxc-a flags=(complain) { profile k { } }\nprofile lxc-a2 { }\n");
    expect(loaded()).to.include({ "lxc-a": "complain", "lxc-a//k": "enforce", "lxc-a2": "enforce" });
    parser(["--replace", "--write-cache", file], "profile lxc-a { profile k { } }\n");
    expect(loaded()).to.include({ "lxc-a": "enforce", "lxc-a2": "enforce" });
    expect(parser(["-R", file]).status).to.equal(0);
    expect(loaded()).not.to.have.any.keys("lxc-a", "lxc-a//k");
    expect(loaded()).to.have.property("lxc-a2");
    expect(parser(["--remove", file])).to.include({
      status: 1,
      stderr: `apparmor_parser: Unable to remove "lxc-a".  Profile doesn't exist\n`,
    });
  });

  it("adds only what is new, as -a and no option do", () => {
    expect(parser([file], "profile lxc-new { }\n").status).to.equal(0);
    expect(parser(["-a", file])).to.include({
      status: 1,
      stderr: 'apparmor_parser: Unable to add "lxc-new".  Profile already exists\n',
    });
    expect(parser(["-r", "-C", file]).status).to.equal(0);
    expect(loaded()).to.have.property("lxc-new", "complain");
  });

  it("reads standard input, several files, and options in any form", () => {
    const env = node.env;
    expect(spawnSync("apparmor_parser", ["-r"], { env, input: "profile lxc-in { }" }).status).to.equal(0);
    const bad = spawnSync("apparmor_parser", ["-Q"], { env, input: "profile x { /y r }", encoding: "utf8" });
    expect(bad.stderr).to.match(/^AppArmor parser error at line 1: syntax error/);
    writeFileSync(`${file}2`, "profile lxc-two { include <extra> }");
    writeFileSync(join(root, "extra"), "/x r,\n");
    const args = ["-r", "-v", "-I", root, "--jobs=2", "-j4", "--warn", "all", "--", file, `${file}2`];
    expect(parser(args, "profile lxc-one { }").stdout).to.equal(
      'Replacement succeeded for "lxc-one".\nReplacement succeeded for "lxc-two".\n',
    );
    expect(loaded()).to.include({ "lxc-in": "enforce", "lxc-one": "enforce", "lxc-two": "enforce" });
  });

  it("loses nothing when many load at once", async () => {
    const { exec } = await import("node:child_process");
    await Promise.all(
      Array.from(
        { length: 12 },
        (_, index) =>
          new Promise<void>((resolve, reject) =>
            exec("apparmor_parser -r", { env: node.env }, (error) =>
              error ? reject(error) : resolve(),
            ).stdin?.end(`profile lxc-p${index} { }`),
          ),
      ),
    );
    for (let index = 0; index < 12; index++) expect(loaded()).to.have.property(`lxc-p${index}`);
    expect(
      readdirSync(join(root, ".stand-ins")).filter((name) => !/^(bin|host-.*)$/.test(name)),
    ).to.deep.equal([]);
  });

  it("can't load where the kernel has no AppArmor", async () => {
    const bare = await standInsFor(join(root, "bare"));
    rmSync(join(bare.root, "sys/kernel/security/apparmor"), { recursive: true });
    writeFileSync(file, "profile a { }");
    expect(parser(["-r", file], undefined, bare.env)).to.include({ status: 1 });
    expect(parser(["-QK", file], undefined, bare.env)).to.include({ status: 0 });
  });

  it("asks a real one first, but never to load", async () => {
    const log = join(root, "log");
    const fake = join(root, "fake parser");
    writeFileSync(
      fake,
      `#!/bin/sh\nprintf '%s|' "$@" >> '${log}'; echo >> '${log}'\ngrep -q refuse-me "$PROFILE" && { echo no >&2; exit 5; }\necho yes\n`,
      { mode: 0o755 },
    );
    const { env: base } = await standInsFor(join(root, "asked"), { apparmorParser: fake });
    const env = { ...base, PROFILE: file };
    const include = `-I|${base.PVE_POSTURE_ROOT}/etc/apparmor.d|`;
    expect(parser(["-QK", file], "profile a { /x r }", env)).to.include({ status: 0, stdout: "yes\n" });
    expect(parser(["-N", file], "# refuse-me", env)).to.include({ status: 5, stderr: "no\n" });
    expect(parser(["-r", file], "# refuse-me\nprofile a { }", env)).to.include({ status: 1 });
    expect(parser(["-R", "-v", file], "profile lxc-container-default { }", env).stdout).to.contain(
      "Removal succeeded",
    );
    expect(readFileSync(log, "utf8").split("\n")).to.deep.equal([
      `${include}-QK|${file}|`,
      `${include}-N|${file}|`,
      `-q|-Q|-K|${include}${file}|`,
      `-q|-Q|-K|${include}${file}|`,
      "",
    ]);
    expect(spawnSync("apparmor_parser", ["-Q", "-K", "it's.d"], { env }).status).to.equal(0);
    expect(readFileSync(log, "utf8")).to.contain("|it's.d|");
  });
});
