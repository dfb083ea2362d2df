import { expect } from "chai";
import { check } from "../../../provider/apparmor/check/index.js";
import { includesFrom } from "../../../provider/apparmor/resolve/index.js";
import type { Language } from "../../../provider/apparmor/language.js";

const files = { "abi/4.0": "", one: "/a r,\n", typo: "/x rz,\n", vars: "@{V}=a\n" };
const errors = (text: string, language: Language = "4.1"): string[] =>
  check(text, { include: includesFrom(files), language })
    .diagnostics.filter(({ severity }) => severity === "error")
    .map(({ code }) => code);

/** Texts that apparmor_parser 4.1.0 accepts; `↵` is a line's end, and what begins with a blank stands in a profile. */
const accepted = [
  "@{A}=@{profile_name}↵profile p { /@{A} r, }",
  "profile p /a xattrs=(a=@{Q}) { }",
  'profile p /a xattrs=(a="{b,c}") { }',
  "profile p /a xattrs=(a={b}c) { }",
  "profile p /a xattrs=(a=]) { }",
  "alias /a/ -> /b{,↵profile p { /c/ r, mount /a/ -> /b, change_profile /a/ -> b, }",
  "@{X}=/a/ /d↵alias /a/ -> /b{,↵profile p { @{X}c r, }",
  "@{X}=/a↵alias @{X}/ -> /b{/,↵profile p { /a/c r, }",
  "alias /a/ -> /@{Q,}/,↵profile p { /a/c r, }",
  ' io_uring label="@{X,Y}",',
  "@{T}=@a @b↵profile p { unix addr=@@{T}, }",
  "@{T}=@a↵profile p { unix addr=@{T}none, }",
  '@{T}=""↵profile p { unix addr=@{T}, }',
  "abi <abi/4.0>, #c↵profile p { }",
  "abi <abi/4.0>↵, ↵profile p { }",
  "abi </abi/4.0>,↵profile p { include <//one> }",
  " abi <abi/4.0>, ",
  " priority = 3↵/a r,",
  " priority=\t3deny /a r,",
  " unsafe /a x,",
  " unsafe /a x -> c,",
  " unsafe /a rx,",
  " file unsafe /a x,",
  " unsafe x /a,",
  " audit { unsafe /a x, }",
  " deny safe /a x,",
  "$b=true↵profile p { if $b { /c r, } else { /c{ r, mount fstype={a, io_uring label={a, unix addr=@{a, } }",
  "$b=true↵profile p { if $b { /c r, } else { profile c{ /a xattrs=(a={b) { /d{ r, } } }",
  "$b=true↵profile p { if $b { /c r, } else { if $b { change_profile -> {a}, } } }",
  "$b=true↵profile p { if $b { /c r, } else { mount options=(bind) fstype=a /a -> /b, } }",
  " audit { signal peer={a, profile c { /{a r, } }",
  " unix peer=(label , =a),",
  " unix peer=(label ,,↵, = a addr=@b),",
  "profile p xattrs=(a, b c,=(d)) { }",
];

const refused: [string, string[]][] = [
  ["profile p /@{profile_name} { }", ["undefined-variable"]],
  ["@{A}=@{profile_name}↵profile p /@{A} { }", ["undefined-variable"]],
  ["profile p flags=(attach_disconnected.path=/@{profile_name}) { }", ["undefined-variable"]],
  ["profile p flags=(attach_disconnected.path=/@{Q}) { }", ["undefined-variable"]],
  ["profile p /a xattrs=(a={b) { }", ["bad-glob"]],
  ["profile p /a xattrs=(a=}b) { }", ["bad-glob"]],
  ["profile p /a xattrs=(a=[) { }", ["bad-glob"]],
  ["profile p /a xattrs=(a={b,c}) { }", ["bad-glob"]],
  ['profile p /a xattrs=(a="{b,{c}}") { }', ["bad-glob"]],
  ["alias /a/ -> /b{,↵profile p { /a/ r, }", ["bad-glob"]],
  ["alias /a/ -> /b{,↵profile p { /a/c} r, }", ["bad-glob"]],
  ["alias /a/ -> /b{,↵profile p { link /b -> /a/, }", ["bad-glob"]],
  ["alias /a/ -> /b{,↵profile p /a/ { }", ["bad-glob"]],
  ["@{X}=/a/↵alias /a/ -> /b{,↵profile p { @{X}c r, }", ["bad-glob"]],
  ["@{X}=/q↵alias /a/ -> @{X}/,↵profile p { /a/c r, }", ["bad-glob"]],
  ["@{X}=a b↵profile p { io_uring label=@{X}, }", ["bad-glob"]],
  ["@{X}=a b↵profile p { io_uring peer=(label=@{X}), }", ["bad-glob"]],
  ["@{T}=@a @b↵profile p { unix addr=@{T}, }", ["bad-glob"]],
  ["@{T}=@a @b↵profile p { @{T} r, unix addr=@{T}, }", ["bad-glob"]],
  ["@{T}=@a @b↵profile p { unix peer=(addr=@{T}x), }", ["bad-glob"]],
  ["@{X}=/x /y↵profile p { unix addr=@{X}none, }", ["bad-glob"]],
  ["@{T}={@a,@b}↵profile p { unix addr=@{T}, }", ["bad-glob"]],
  ["abi <abi/4.0>,#c↵profile p { }", ["unexpected"]],
  ['abi "abi/4.0" ,#c↵profile p { }', ["unexpected"]],
  ['abi "abi/4.0",/t { }', ["unexpected"]],
  ["profile p { abi <abi/4.0>,}", ["unexpected"]],
  [" deny unsafe /a x,", ["deny-exec-mode"]],
  [" deny unsafe /a rx,", ["deny-exec-mode"]],
  [" deny { unsafe /a x, }", ["deny-exec-mode"]],
  [" safe /a x,", ["bare-exec"]],
  [" unsafe /a r,", ["exec-without-x"]],
  [" priority=↵3 /a r,", ["unexpected"]],
  ["$b=true↵profile p { if $b { /c{ r, } else { /c r, } }", ["bad-glob"]],
  ["$b=true↵profile p { if $b { /c r, } else { unix addr=foo, } }", ["bad-socket-address"]],
  [" owner { other /{a r, }", ["bad-glob"]],
  [" audit { /{a r, }", ["bad-glob"]],
  [" unix peer=(label=,a),", ["unexpected"]],
  ["@{X} ?= a↵profile p { /@{X} r, }", ["needs-newer-parser"]],
];

const textOf = (row: string): string => (row.startsWith(" ") ? `profile p {\n${row}\n}\n` : `${row}\n`).replaceAll("↵", "\n");

describe("apparmor/check: what apparmor_parser 4.1.0 accepts", () => {
  for (const row of accepted) it(row, () => expect(errors(textOf(row))).to.deep.equal([]));
});

describe("apparmor/check: what apparmor_parser 4.1.0 refuses", () => {
  for (const [row, codes] of refused) it(`${row}: ${codes.join()}`, () => expect([...new Set(errors(textOf(row)))]).to.deep.equal(codes));
});

describe("apparmor/check: assignments of what is not declared, in 5.0", () => {
  const cases: [string, string[] | string][] = [
    ["@{X} ?= a", ["a"]],
    ["@{X}?=a", ["a"]],
    ["@{X} ?=a b", ["a", "b"]],
    ["@{X}=a↵@{X} ?= b", ["a"]],
    ["@{X} ?= b↵@{X} += a", ["b", "a"]],
    ["@{X} ?= b↵@{X} ?= a", ["b"]],
    ["@{X} ?= b↵@{X} = a", "redeclared-variable"],
    ["$X=true↵@{X} ?= a", "variable-kind"],
  ];
  for (const [preamble, expected] of cases)
    it(`${preamble}: ${String(expected)}`, () => {
      const text = `${preamble.replaceAll("↵", "\n")}\nprofile p { /@{X} r, }\n`;
      const { resolved, diagnostics } = check(text, { language: "5.0" });
      if (typeof expected === "string") expect(diagnostics.map(({ code }) => code)).to.deep.equal([expected]);
      else {
        expect(diagnostics).to.deep.equal([]);
        expect(resolved.profiles[0]!.variables.get("X")).to.deep.equal(expected);
      }
    });
});

describe("apparmor/check: mistakes in an included file", () => {
  const cases: [string, string][] = [
    ["profile p { include <typo> }", "typo:1 bad-permissions"],
    ["profile p { if defined @{X} { include <typo> } }", "typo:1 bad-permissions"],
    ["profile p {\n include <vars>\n}", "undefined:2 preamble-in-profile"],
  ];
  for (const [text, expected] of cases)
    it(`${text}: ${expected}`, () =>
      expect(
        check(text, { include: includesFrom(files) }).diagnostics.map(({ file, line, code }) => `${file}:${line} ${code}`),
      ).to.deep.equal([expected]));
});

describe("apparmor/check: limits", function () {
  this.timeout(120_000);
  const many = (piece: string, count: number): string => piece.repeat(count);
  const texts: Record<string, string> = {
    stars: `profile p { /${many("*a", 62_000)} rix, }`,
    alternatives: `profile p { /{0,${many("1,", 160_000)}2} rix, }`,
    "conditions of a kind": `profile p { signal ${many("set=hup ", 100_000)}, }`,
    "ones that are repeated": `profile p { dbus ${many("bus=a ", 100_000)}, }`,
    "file systems": `profile p { mount fstype=(${many("a ", 400_000)}), }`,
    "values added": `@{X}=a\n@{X}+=${many(" a", 400_000)}\nprofile p { }`,
    "comments in a rule": `profile p { /a ${many("\n#\n", 300_000)} r, }`,
    "commas in a list": `profile p { unix peer=(label${many(",", 900_000)}=a), }`,
    options: `profile p { mount ${many("options=ro ", 40_000)}${many("options in (rw) ", 30_000)}, }`,
    "includes that are not there": many("include <x>\n", 80_000),
    "names that are none": `profile p { ${many("capability foo, ", 60_000)} }`,
    aliases: `${Array.from({ length: 20_000 }, (_, i) => `alias /{${i} -> /b,`).join("\n")}\nprofile p { ${many("/c r, ", 20_000)} }`,
  };
  for (const [name, text] of Object.entries(texts))
    it(`many ${name}: never throws, ends soon, 200 errors at most`, () => {
      const start = performance.now();
      const { diagnostics } = check(text);
      expect(performance.now() - start).to.be.below(20_000);
      expect(diagnostics.length).to.be.at.most(400);
      expect(diagnostics.filter(({ severity }) => severity === "error").length).to.be.at.most(200);
    });

  it("an error behind 300 warnings is told", () => {
    const text = `profile p { ${many("io_uring (foo),\n", 300)} capability foo, }`;
    expect(check(text).diagnostics.filter(({ severity }) => severity === "error")).to.have.length(1);
  });

  it("says that there are more", () => {
    const { diagnostics } = check(`profile p { ${many("capability foo, ", 60_000)} }`);
    expect(diagnostics.at(-1)!.code).to.equal("too-many-errors");
  });

  it("includes may be 300 deep", () => {
    const chain = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, `include <f${i + 1}>\n`]));
    const found = (depth: Record<string, string>): string[] =>
      check("profile p { include <f0> }", { include: includesFrom(depth) }).diagnostics.map(({ code }) => code);
    expect(found({ ...chain, f300: "/a r,\n" })).to.deep.equal([]);
    const deeper = Object.fromEntries(Array.from({ length: 1100 }, (_, i) => [`f${i}`, `include <f${i + 1}>\n`]));
    const [error] = check("profile p { include <f0> }", {
      include: includesFrom({ ...deeper, f1100: "" }),
    }).diagnostics;
    expect(error).to.include({ code: "include-depth" }).and.not.have.property("hint");
  });
});
