import { expect } from "chai";
import { includesFrom, resolve, type Resolved, type ResolvedProfile } from "../../../provider/apparmor/resolve/index.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";

const resolved = (text: string, files: Record<string, string> = {}): Resolved =>
  resolve(parse(text, { file: "main" }), { include: includesFrom(files) });
const codes = (text: string, files?: Record<string, string>): string[] => resolved(text, files).diagnostics.map(({ code }) => code);
const paths = ({ rules }: Pick<ResolvedProfile, "rules">): string[] =>
  rules.map(({ rule }) => ("path" in rule ? (rule.path?.value ?? "") : rule.kind));
const profileOf = (text: string, files?: Record<string, string>): ResolvedProfile => resolved(text, files).profiles[0]!;

describe("apparmor/resolve: includes", () => {
  it("puts rules where the include stands, and says how they came there", () => {
    const profile = profileOf("profile x {\n  /a r,\n  include <one>\n  /d r,\n}\n", { one: "/b r,\ninclude <two>\n", two: "/c r,\n" });
    expect(paths(profile)).to.deep.equal(["/a", "/b", "/c", "/d"]);
    expect(profile.rules[2]!.document.file).to.equal("two");
    expect(profile.rules[2]!.via.map(({ document }) => document.file)).to.deep.equal(["main", "one"]);
  });

  it("reads the last file of a directory first, as the compiler does, and passes over what packages leave behind", () => {
    const files = { "d/a": "/a r,", "d/b": "/b r,", "d/c.dpkg-old": "/c r,", "d/.d": "/d r,", "d/README": "/e r,", "d/sub/f": "/f r," };
    expect(paths(profileOf("profile x { include <d> }", files))).to.deep.equal(["/b", "/a"]);
  });

  it("passes over a file that the profile has already, and reads it again for the next profile", () => {
    const files = { one: "/b r,\n", two: "include <one>\n" };
    const { profiles } = resolved("profile x { include <one> include <two> }\nprofile y { include <one> }\n", files);
    expect(profiles.map(paths)).to.deep.equal([["/b"], ["/b"]]);
  });

  const cases: [string, string, Record<string, string>, string[]][] = [
    ["a file that is not there", "profile x { include <no> }", {}, ["include-not-found"]],
    ["one that need not be there", "profile x { include if exists <no> }", {}, []],
    ["one that includes itself", "profile x { include <me> }", { me: "include <me>\n/a r,\n" }, []],
    [
      "one that includes itself by a profile of its own",
      "include <me>",
      { me: "profile x { profile y { include <other> } }", other: "profile z { include <other> }" },
      ["include-depth"],
    ],
    ["an error in it", "profile x { include <bad> }", { bad: "/a r\n/b r,\n" }, ["missing-comma"]],
    ["variables within a profile", "profile x {\n include <vars>\n}", { vars: "@{A}=1\n@{B}=2\n" }, ["preamble-in-profile"]],
    ["rules outside of profiles", "include <rules>\nprofile x { }", { rules: "/a r,\n/b r,\n" }, ["rule-outside-profile"]],
    ["variables after a profile", "profile x { }\ninclude <vars>\n", { vars: "@{A}=1\n" }, ["preamble-after-profile"]],
    ["a profile without keyword within another", "profile x { include <p> }", { p: "/bin/y { }\n" }, ["profile-in-profile"]],
    ["an abi that is not there", "abi <abi/9>,\nprofile x { }", {}, ["abi-not-found"]],
    ["an abi that is", "abi <abi/9>,\nabi <kernel>,\nprofile x { }", { "abi/9": "" }, []],
  ];
  for (const [name, text, files, expected] of cases)
    it(`${name}: ${expected.join() || "fine"}`, () => expect(codes(text, files)).to.deep.equal(expected));

  it("names the include and the way to it", () => {
    const [error] = resolved("profile x {\n\n  include <one>\n}", { one: "\ninclude <two>\n", two: "/a r\n" }).diagnostics;
    expect(error).to.include({ file: "two", line: 1 });
    expect(error!.message).to.match(/\(included from one:2, from main:3\)$/);
  });

  it("points to the include statement that must move", () => {
    const [error] = resolved("profile x {\n  include <tunables/global>\n}", {
      "tunables/global": "include <tunables/home>\n",
      "tunables/home": "# home\n@{HOME}=/root/\n",
    }).diagnostics;
    expect(error).to.include({ file: "main", line: 2, column: 3 });
    expect(error!.message).to.match(/by tunables\/home:2$/);
  });

  it("stops at 20,000 files", () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`f${i}`, `profile a { include <f${i + 1}> }\nprofile b { include <f${i + 1}> }\n`]),
    );
    expect(codes("include <f0>", { ...files, f40: "" })).to.include("include-limit");
  });
});

describe("apparmor/resolve: preamble", () => {
  const cases: [string, string, string[]][] = [
    ["a variable twice", "@{A}=1\n@{A}=2\n", ["redeclared-variable"]],
    ["+= before =", "@{A}+=2\n", ["undeclared-variable"]],
    ["a boolean of the same name", "$A=true\n@{A}=1\n", ["redeclared-variable"]],
    ["+= on a boolean", "$A=true\n@{A}+=1\n", ["variable-kind"]],
    ["a name that profiles have", "@{profile_name}=x\nprofile y { }", ["redeclared-variable"]],
    ["all of it", "@{A}=1\n@{A}+=2 3\n$B=false\nalias /a -> /b,\nprofile y { }", []],
  ];
  for (const [name, text, expected] of cases)
    it(`${name}: ${expected.join() || "fine"}`, () => expect(codes(text)).to.deep.equal(expected));

  it("keeps one of two equal aliases", () => {
    expect(resolved("alias /a -> /b,\nalias /a -> /b,\nalias /a -> /c,\n").aliases).to.deep.equal([
      { from: "/a", to: "/b" },
      { from: "/a", to: "/c" },
    ]);
  });
});

describe("apparmor/resolve: conditionals", () => {
  const cases: [string, string, string[]][] = [
    ["$a=true\n", "if $a { /a r, } else { /b r, }", ["/a"]],
    ["$a=false\n", "if $a { /a r, } else { /b r, }", ["/b"]],
    ["$a=false\n", "if not $a { /a r, }", ["/a"]],
    ["$a=false\n", "if defined $a { /a r, }", []],
    ["@{X}=1\n", "if defined @{X} { /a r, }", ["/a"]],
    ["", "if defined @{X} { /a r, } else if not defined @{Y} { /b r, } else { /c r, }", ["/b"]],
    ["$a=true\n", "if $a { /a r, set rlimit nofile <= 3, network, }", ["/a", "network"]],
  ];
  for (const [preamble, body, expected] of cases)
    it(`${preamble.trim()} ${body}`, () => expect(paths(profileOf(`${preamble}profile x { ${body} }`))).to.deep.equal(expected));

  it("refuses a boolean that nobody declared, defined or not", () => {
    for (const test of ["$b", "not $b", "defined $b"])
      expect(codes(`profile x { if ${test} { /a r, } }`)).to.deep.equal(["undefined-boolean"]);
  });
});

describe("apparmor/resolve: blocks", () => {
  const cases: [string, string | undefined][] = [
    ["deny { /a r, }", "deny"],
    ["audit { deny /a r, }", "audit"],
    ["deny { audit /a r, }", "deny"],
    ["audit deny { /a r, }", "audit deny"],
    ["audit deny { audit /a r, }", "deny"],
    ["owner { /a r, }", "owner"],
    ["owner { other /a r, }", undefined],
    ["audit { owner { allow /a r, } }", "audit owner"],
    ["allow { priority=5 /a r, }", "allow"],
  ];
  for (const [body, expected] of cases)
    it(`${body} is ${expected ?? "nothing"}`, () => {
      const { qualifiers } = profileOf(`profile x { ${body} }`).rules[0]?.rule ?? {};
      expect(
        qualifiers && [qualifiers.priority, qualifiers.audit && "audit", qualifiers.mode, qualifiers.owner].filter(Boolean).join(" "),
      ).to.equal(expected);
    });

  it("says what the compiler drops", () => {
    const { profiles, diagnostics } = resolved("profile x { audit { network, /a r, capability kill, } }");
    expect(paths(profiles[0]!)).to.deep.equal(["/a"]);
    expect(diagnostics.map(({ code, severity }) => `${severity} ${code}`)).to.deep.equal(["warning dropped-rule", "warning dropped-rule"]);
  });

  it("refuses exec modes of an include that the block turns", () => {
    expect(codes("profile x { deny { include <ix> } }", { ix: "/a ix,\n" })).to.deep.equal(["deny-exec-mode"]);
    expect(codes("profile x { audit { include <x> } }", { x: "deny /a x,\n" })).to.deep.equal(["exec-mode"]);
  });
});

describe("apparmor/resolve: profiles", () => {
  it("gives names, namespaces, attachments, hats and children", () => {
    const [first, second] = resolved("@{B}=/usr/bin\nprofile a @{B}/x { ^h { profile deep { } } profile c { } }\n:ns:/p { }\n").profiles;
    expect(first).to.include({ name: "a", fullName: "a", hat: false }).and.not.to.have.property("namespace");
    expect(first!.attachment!.value).to.equal("@{B}/x");
    expect(first!.children.map(({ fullName, hat }) => [fullName, hat])).to.deep.equal([
      ["a//h", true],
      ["a//c", false],
    ]);
    expect(first!.children[0]!.children[0]!.fullName).to.equal("a//h//deep");
    expect(second).to.include({ name: "/p", namespace: "ns" });
  });

  it("replaces variables in names", () => expect(profileOf("@{A}=x y\nprofile p-@{A} { }").name).to.equal("{p-x,p-y}"));

  const cases: [string, string[]][] = [
    ["profile a { }\nprofile a { }", ["duplicate-profile"]],
    ["profile a { ^h { } ^h { } }", ["duplicate-profile"]],
    ["profile a { ^h { } profile h { } }", ["duplicate-profile"]],
    ["$t=true\nprofile a { ^h { } if $t { ^h { } } }", ["duplicate-profile"]],
    ["$t=false\nprofile a { ^h { } if $t { ^h { } } }", []],
    [":n:/a { }\n/a { }", []],
    [":n:/a { }\nprofile :n:///a { }", ["duplicate-profile"]],
    ["profile :n/a { }", ["namespace"]],
    ["profile ::a { }", ["namespace"]],
    ["profile :n: { }", ["profile-name"]],
  ];
  for (const [text, expected] of cases)
    it(`${text.replace("\n", " ")}: ${expected.join() || "fine"}`, () => expect(codes(text)).to.deep.equal(expected));
});
