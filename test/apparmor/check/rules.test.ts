import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Language } from "../../../provider/apparmor/language.js";
import { checkRules } from "../../../provider/apparmor/check/rules.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";

function codes(text: string, language: Language = "4.1"): string[] {
  const document = parse(text, { language });
  return [...document.errors, ...checkRules(document)].filter((error) => error.severity === "error").map((error) => error.code);
}

describe("single statements", () => {
  const fine = [
    "/a ixx,", "/a xix,", "deny /a xx,", "/a pxpx,", "/a RW,", "/a r -> x,", "lpx /a,", "file l subset /a -> /b,", "foo r,",
    "/a{,b} r,", "/a[{] r,", "/a[b-a] r,", "/a\\] r,", "/a/{b,{c,d}} r,", "/a px -> {a},",
    "capability,", "network packet dgram,", "network unspec,", "network port=80-443,", "network ip=::ffff:10.0.0.1,", "network (accept) inet peer=(port=1),",
    "unix type=dccp,", "unix addr=auto,", "unix (connect) peer=(addr=none),", "signal set=hup set=(rtmin+0),", "signal peer=\"\",",
    "dbus eavesdrop bus=system,", "dbus bind bus=session name=a.b,", "dbus (rw) bus=system peer=(name=a.b),",
    "mount options=(rw, bind) /a -> /b,", "mount options in (ro, rw),", "mount options=(shared) /a,", "mount options=(make-rslave) -> /**,", "remount options=ro /a,",
    "umount options=ro fstype=ext4 /a,", "pivot_root oldroot=(/a /b) /c,", "mqueue type=sysv 12,", "io_uring (sqpoll) label=x,",
    "set rlimit cpu <= 5 min,", "set rlimit rttime <= 60 minutes,", "set rlimit nofile <= infinity,", "set rlimit data <= 010K,",
    "owner link /a -> /b,", "priority=1 capability kill,", "other /a r,",
  ];
  for (const rule of fine) it(`${rule} is fine`, () => expect(codes(`profile x {\n${rule}\n}\n`)).to.deep.equal([]));

  const refused: [string, string][] = [
    ["/a xpx,", "exec-modes-in-rule"], ["/a uxUx,", "exec-modes-in-rule"], ["/a wa,", "append-and-write"], ["{ deny /a x, }", "bare-exec"], ["deny { /a ix, }", "deny-exec-mode"],
    ["/a[] r,", "bad-glob"], ["/a{} r,", "bad-glob"], ["/a] r,", "bad-glob"], ["/a[a r,", "bad-glob"], ["change_profile -> {a},", "bad-glob"], ["mount fstype=(a b{),", "bad-glob"],
    ["network inet6 icmp,", "unknown-socket-type"], ["network local,", "unknown-family"], ["network ip=10.0.0.256,", "bad-address"], ["network port=443-80,", "bad-port"],
    ["network unix ip=::1,", "family-without-address"], ["network (bind) peer=(ip=::1),", "access-without-peer"], ["network (bnid),", "unknown-access"],
    ["unix type=invalid,", "unknown-socket-type"], ["unix type in (stream),", "condition-operator"], ["unix peer=(type=stream),", "misplaced-condition"],
    ["signal set=(lost),", "unknown-signal"], ["ptrace peer=a peer=b,", "repeated-condition"], ["dbus bus=a peer=(bus=b),", "repeated-condition"],
    ["dbus bind path=/a,", "dbus-combination"], ["dbus eavesdrop name=a,", "dbus-combination"], ["dbus name=a path=/b,", "dbus-combination"],
    ["mount options=(rw, nodirsync),", "unknown-mount-option"], ["mount options=(suid nosuid),", "conflicting-mount-options"],
    ["mount options=(shared) /a -> /b,", "mount-without-meaning"], ["mount options=remount /a -> /b,", "mount-without-meaning"], ["pivot_root oldroot=/a foo=/b /c,", "unknown-condition"],
    ["mqueue type=sysv /a,", "bad-mqueue-name"], ["io_uring label=a peer=(label=b),", "repeated-condition"],
    ["set rlimit cpu <= 5 ms,", "bad-rlimit"], ["set rlimit nice <= 20,", "bad-rlimit"], ["set rlimit data <= 5 B,", "bad-rlimit"], ["set rlimit data <= -1,", "bad-rlimit"],
    ["owner mount,", "qualifier-not-allowed"], ["priority=1 network,", "qualifier-not-allowed"], ["priority=1 { /a r, }", "qualifier-not-allowed"],
  ];
  for (const [rule, code] of refused) it(`${rule} is refused: ${code}`, () => expect(codes(`profile x {\n${rule}\n}\n`)).to.deep.equal([code]));

  const headers: [string, string[]][] = [
    ["profile x flags=(complain,complain) { }", []],
    ["profile x flags=(error=EPERM,error=eperm) { }", []],
    ["profile x flags=(error=EPERM,error=EIO) { }", ["conflicting-flags"]],
    ["profile x flags=(attach_disconnected.path=/a,no_attach_disconnected) { }", ["conflicting-flags"]],
    ["profile x flags=(default_allow, enforce) { }", ["conflicting-flags"]],
    ["profile x xattrs=(user.a=a{b}) { }", []],
    ["profile :n { }", ["bad-profile-name"]],
    ["profile ::x { }", ["bad-profile-name"]],
    ["profile a{b} { }", ["bad-glob"]],
    ["profile x foo { }", ["bad-path"]],
  ];
  for (const [text, expected] of headers) it(text, () => expect(codes(text)).to.deep.equal(expected));
});

describe("what AppArmor 3.0 does not have", () => {
  const rules = [
    "priority=1 /a r,", "all,", "userns,", "mqueue,", "io_uring,", "prompt /a r,", "deny { /a r, }", "network (bind),", "network port=1,", "mount options=lazytime,",
  ];
  for (const rule of rules) {
    it(rule, () => {
      expect(codes(`profile x {\n${rule}\n}\n`, "3.0")).to.include("needs-newer-parser");
      expect(codes(`profile x {\n${rule}\n}\n`)).to.deep.equal([]);
    });
  }
  for (const flag of ["prompt", "default_allow", "debug", "interruptible", "attach_disconnected.path=/a", "kill.signal=hup", "error=EIO"]) {
    it(`flags=(${flag})`, () => expect(codes(`profile x flags=(${flag}) { }`, "3.0")).to.deep.equal(["needs-newer-parser"]));
  }
  for (const text of ["profile x flags=(kill, attach_disconnected) { }", "profile x {\nowner { /a r, }\nunix (bind),\nmount options=(rw ro),\n}\n"]) {
    it(`but ${JSON.stringify(text)}`, () => expect(codes(text, "3.0")).to.deep.equal([]));
  }
});

describe("what AppArmor 5.0 adds", () => {
  const conditions = [
    "$a and $b or $a", "not $a and $b", "($a and $b) or not $a", "@{x} in y", "@{x} < 4", "3 <= @{x}", '@{x} == "3"', "a != b", "((($a)))", "/a == /b", "@{x}==3",
    "not ($a)", "defined @{x} and $a",
  ];
  for (const condition of conditions) {
    it(`if ${condition}`, () => {
      const text = `$a = true\n$b = false\n@{x} = 3\nprofile x {\nif ${condition} { /a r, }\n}\n`;
      expect(codes(text, "5.0")).to.deep.equal([]);
      expect(codes(text)).to.not.deep.equal([]);
    });
  }
  for (const condition of ["$a == $b", "$a and and $b", "($a", "$a $b", "@{x}"]) {
    it(`but not if ${condition}`, () => expect(codes(`profile x {\nif ${condition} { /a r, }\n}\n`, "5.0")).to.not.deep.equal([]));
  }
  it("attach_disconnected.ipc", () => {
    for (const flag of ["attach_disconnected.ipc", "attach_disconnected.ipc=/a"]) {
      expect(codes(`profile x flags=(${flag}) { }`, "5.0")).to.deep.equal([]);
      expect(codes(`profile x flags=(${flag}) { }`)).to.deep.equal(["unknown-flag"]);
    }
  });
});

const corpus = join(__dirname, "../../../../shared/corpus/apparmor/simple-tests.jsonl.gz");

(existsSync(corpus) ? describe : describe.skip)("upstream's tests", function () {
  this.timeout(300_000);
  interface Case {
    path: string;
    expected: "PASS" | "FAIL";
    text: string;
  }
  // what takes several statements, variables or included files to see
  const several = /^(generated_|include|bare_include|vars\/|xtrans\/|conditional\/bad_dup|change_profile\/onx_conflict|profile\/(profile_ns_bad|profiles_dupe|flags\/flags_bad_disconnected))/;

  it("nothing that the compiler takes is refused, and no single statement taken that it refuses", () => {
    const wrong: string[] = [];
    for (const line of gunzipSync(readFileSync(corpus)).toString("utf8").trim().split("\n")) {
      const { path, expected, text } = JSON.parse(line) as Case;
      const valid = codes(text).length === 0;
      if (expected === "PASS" ? !valid : valid && !several.test(path)) wrong.push(path);
    }
    expect(wrong).to.deep.equal([]);
  });
});
