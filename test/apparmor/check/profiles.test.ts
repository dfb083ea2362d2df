import { expect } from "chai";
import { check } from "../../../provider/apparmor/check/index.js";
import { includesFrom } from "../../../provider/apparmor/resolve/index.js";

const errors = (text: string, files: Record<string, string> = {}): string[] =>
  check(text, { file: "main", include: includesFrom(files) })
    .diagnostics.filter(({ severity }) => severity === "error")
    .map(({ code }) => code);

describe("apparmor/check: variables in rules", () => {
  const cases: [string, string[]][] = [
    ["profile x { /@{A} r, }", ["undefined-variable"]],
    ["profile x { /@{A} r, /b/@{A} r, /@{A} w, }", ["undefined-variable", "undefined-variable"]],
    ["profile x { change_profile -> @{A}, }", ["undefined-variable"]],
    ["profile x { mount /@{A} -> /b, }", ["undefined-variable"]],
    ["profile x { signal peer=@{A}, ptrace peer=@{B}, }", ["undefined-variable", "undefined-variable"]],
    ["profile x { unix peer=(label=@{A}), dbus path=@{B}, }", ["undefined-variable", "undefined-variable"]],
    ["profile x @{A} { }", ["undefined-variable"]],
    ["profile x { profile y { /@{A} r, } }", ["undefined-variable"]],
    ["profile x { /bin/a px -> @{A}, }", []],
    ["$t=false\nprofile x { if $t { /@{A} r, } }", []],
    ["@{A}=@{B}\nprofile x { /a r, }", []],
    ["@{A}=@{A}\nprofile x { /@{A} r, }", ["recursive-variable"]],
    ["profile x { /@{} r, }", ["bad-glob"]],
    ["profile x { change_profile -> @{}x, }", ["bad-glob"]],
    ["@{A}={a,b\nprofile x { /@{A} r, }", ["bad-glob"]],
    ["@{A}=a\nprofile x { /{@{A},b} r, signal peer=@{profile_name}, }", []],
    ["@{A}=a/\nprofile x flags=(attach_disconnected.path=@{A}) { }", ["disconnected-path"]],
    ["@{A}=/a/\nprofile x flags=(attach_disconnected.path=@{A}) { }", []],
  ];
  for (const [text, expected] of cases)
    it(`${text.replace("\n", " ")}: ${expected.join() || "fine"}`, () => expect(errors(text)).to.deep.equal(expected));

  it("bounds what all variables of a profile stand for", () => {
    const rules = Array.from({ length: 30 }, (_, i) => `/${i}/@{T}@{T}@{T}@{T} r,`).join("\n");
    expect(errors(`@{T}=0 1 2 3 4 5 6 7 8 9 a b c d e f\nprofile x {\n${rules}\n}`)).to.include("variable-size");
  });
});

describe("apparmor/check: exec rules", () => {
  const cases: [string, string[]][] = [
    ["/a px, /a cx,", ["exec-conflict"]],
    ["/a px, /a px,", []],
    ["/* px, /?b ix,", ["exec-conflict"]],
    ["/a* px, /b* ix,", []],
    ["/a px, /a Px,", ["exec-conflict"]],
    ["/a px -> y, /a px -> z,", ["exec-conflict"]],
    ["/a px -> y, /* px -> y,", []],
    ["owner /a px, other /a cx,", []],
    ["change_profile safe /a -> b, change_profile unsafe /a -> b,", ["exec-conflict"]],
    ["change_profile safe /a -> b, change_profile unsafe /a -> c,", []],
  ];
  for (const [body, expected] of cases)
    it(`${body} ${expected.join() || "fine"}`, () => expect(errors(`profile x { ${body} }`)).to.deep.equal(expected));

  it("names both rules and a path that both are for", () => {
    const [error] = check("profile x {\n  /bin/* px,\n  include <i>\n}", {
      file: "main",
      include: includesFrom({ i: "\n/bin/?s ix,\n" }),
    }).diagnostics;
    expect(error).to.include({ code: "exec-conflict" });
    expect(error!.message)
      .to.match(/\/bin\/.s/)
      .and.include("i:2");
  });

  it("takes at most twelve profiles by name", () => {
    const rules = (count: number): string => Array.from({ length: count }, (_, i) => `/a${i} px -> p${i},`).join(" ");
    expect(errors(`profile x { ${rules(12)} /b px -> p0, }`)).to.deep.equal([]);
    expect(errors(`profile x { ${rules(13)} }`)).to.deep.equal(["too-many-transitions"]);
    expect(errors(`profile x { ${rules(12)} /b cx -> p0, }`)).to.deep.equal(["too-many-transitions"]);
  });
});

describe("apparmor/check: several errors", () => {
  it("come in the order of the text, one for a place, those of includes behind", () => {
    const { diagnostics } = check("profile x {\n  include <i>\n  capability nothing,\n  /@{A} r,\n}\nprofile :n { }\n", {
      file: "main",
      include: includesFrom({ i: "network nothing,\n" }),
    });
    expect(diagnostics.map(({ file, line }) => `${file}:${line}`)).to.deep.equal(["main:3", "main:4", "main:6", "i:1"]);
  });
});
