import { expect } from "chai";
import fc from "fast-check";
import { profileHeaders } from "../../provider/apparmor/headers.js";

const names = (text: string): string[] => profileHeaders(text).map(({ name }) => name);

describe("the profiles that a text declares", () => {
  const cases: [what: string, text: string, names: string[]][] = [
    ["none", "", []],
    ["none but a preamble", "abi <abi/4.0>,\ninclude <tunables/global>\n@{X}=/a /b\n", []],
    ["one", "profile lxc-a {\n}\n", ["lxc-a"]],
    ["no line break at the end", "profile lxc-a { /x r, }", ["lxc-a"]],
    ["carriage returns", "profile lxc-a {\r\n /x r,\r\n}\r\n", ["lxc-a"]],
    ["behind a preamble", "abi <abi/4.0>,\n#include <tunables/global>\nprofile lxc-a { }\n", ["lxc-a"]],
    ["with an attachment", "profile lxc-a /usr/bin/{a,b} { }\n", ["lxc-a"]],
    ["by its attachment alone", "/usr/bin/lxc-start flags=(attach_disconnected) { }\n", ["/usr/bin/lxc-start"]],
    ["by a variable", "@{bin}/x { }\n", ["@{bin}/x"]],
    ["with flags", "profile lxc-a flags=(attach_disconnected, mediate_deleted) { }\n", ["lxc-a"]],
    ["flags close to the brace", "profile lxc-a flags=(complain){\n}\n", ["lxc-a"]],
    ["over several lines", "profile lxc-a\n  /x\n  flags=(complain)\n{\n}\n", ["lxc-a"]],
    ["a comment between", "profile lxc-a # { profile x {\n{ # }\n}\n", ["lxc-a"]],
    ["a comment right behind the brace", "profile lxc-a {# x\n}\n", ["lxc-a"]],
    ["commented out", "# profile lxc-b { }\nprofile lxc-a { }\n", ["lxc-a"]],
    ["in quotes", 'profile "lxc a" "/opt/my {x}/y" { }\n', ["lxc a"]],
    ["quotes that hold a brace", 'profile "a { b" { "/x } y" r, }\nprofile c { }\n', ["a { b", "c"]],
    ["child profiles and hats left out", "profile lxc-a {\n profile child { /x r, }\n hat h { }\n ^g { }\n}\n", ["lxc-a"]],
    ["two", "profile lxc-a { /x r, }\nprofile lxc-b { profile c { } }\n", ["lxc-a", "lxc-b"]],
    ["the second in the first's line", "profile lxc-a { } profile lxc-b { }", ["lxc-a", "lxc-b"]],
    ["globs with braces", "profile lxc-a {\n /{usr/,}lib/** r,\n /{a,b}/** r,\n /x{,/} r,\n}\nprofile lxc-b { }\n", ["lxc-a", "lxc-b"]],
    ["variables", "profile lxc-a {\n @{PROC}/@{pid}/attr/ r,\n}\nprofile lxc-b { }\n", ["lxc-a", "lxc-b"]],
    ["an escaped brace", "profile lxc-a {\n /x\\{ r,\n /y\\} r,\n}\nprofile lxc-b { }\n", ["lxc-a", "lxc-b"]],
    ["one brace too many", "profile lxc-a { } }\nprofile lxc-b { }\n", ["lxc-a", "lxc-b"]],
    ["one brace too few", "profile lxc-a {\nprofile lxc-b { }\n", ["lxc-a"]],
    ["a namespace is part of the name", "profile :ns:lxc-a { }\n", [":ns:lxc-a"]],
  ];
  for (const [what, text, expected] of cases) it(what, () => expect(names(text)).to.deep.equal(expected));

  const flags: [string, string[]][] = [
    ["profile lxc-a { }", []],
    ["profile lxc-a flags=(complain) { }", ["complain"]],
    ["profile lxc-a (attach_disconnected, complain) { }", ["attach_disconnected", "complain"]],
    ["profile lxc-a flags = ( complain ) { }", ["complain"]],
    ["profile lxc-a /x(y) xattrs=(user.a=b user.c=(d)) flags=(kill) { }", ["kill"]],
    ["profile lxc-a xattrs=(user.a=complain) { }", []],
    ["profile \"lxc (a)\" { }", []],
    ["profile lxc-a { profile c flags=(complain) { } }", []],
    ["# flags=(complain)\nprofile lxc-a { }", []],
  ];
  for (const [text, expected] of flags) it(`flags of \`${text}\``, () => expect(profileHeaders(text)[0]!.flags).to.deep.equal(expected));

  it("counts lines, over comments and quotes too", () => {
    const text = '# one\n# two\n\n"/a\nb" { }\nprofile lxc-a { }\n';
    expect(profileHeaders(text)).to.deep.equal([{ name: "/a\nb", line: 4, flags: [] }, { name: "lxc-a", line: 6, flags: [] }]);
  });

  it("a text of any kind ends, without throwing", () => {
    const piece = fc.constantFrom("profile ", "{", "}", '"', "\\", "#", "\n", "(", ")", "flags=", "/a", "@{", ",", "^", "hat ", "\0", "ü", " ");
    fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => void names(pieces.join(""))), { numRuns: 3000 });
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void names(text)));
  });

  // a run in quadratic time would meet mocha's limit
  for (const piece of ["{", "}", '"', "\\", "#", " ", "\n", "(", "a", "a ", "{ ", "profile ", "/{a,b}", "profile a {\n", "flags=(", "a (", "profile x xattrs=( "]) {
    it(`1 MB of ${JSON.stringify(piece)} ends`, function () {
      this.timeout(5000);
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
      for (const whole of [text, `profile lxc-a ${text}`, `profile lxc-a ${text} {`]) names(whole);
    });
  }
});
