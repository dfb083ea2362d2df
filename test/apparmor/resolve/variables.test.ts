import { expect } from "chai";
import fc from "fast-check";
import { expandToGlob, ResolveError, resolve, type Variables } from "../../../provider/apparmor/resolve/index.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";

const variables = (preamble: string, name = "p"): Variables =>
  resolve(parse(`${preamble}\nprofile "${name}" { }\n`)).profiles[0]!.variables;

describe("apparmor/resolve: variables", () => {
  const cases: [string, string, string[]][] = [
    ["@{A}=x", "/@{A}/y", ["/x/y"]],
    ["@{A}=x y", "/@{A}", ["/x", "/y"]],
    ["@{A}=x\n@{A}+=y", "/@{A}", ["/x", "/y"]],
    ["@{A}=a b\n@{B}=@{A}1 @{A}2", "@{B}", ["a1", "b1", "a2", "b2"]],
    ["@{B}=@{A}\n@{A}=later", "@{B}", ["later"]],
    ["@{A}=a b", "@{A}-@{A}", ["a-a", "a-b", "b-a", "b-b"]],
    // one value brings its slashes along, several do not
    ["@{H}=/home/", "/@{H}/x", ["//home//x"]],
    ["@{H}=/home/ /root/", "/@{H}/x", ["/home/x", "/root/x"]],
    ["@{H}=/home/ /root/", "@{H}x", ["/home/x", "/root/x"]],
    ["@{A}=x", "\\@{A}@{A}", ["\\@{A}x"]],
    ["@{A}=x", "@{_A}@A@{A", ["@{_A}@A@{A"]],
    ["", "/proc/@{profile_name}", ["/proc/p"]],
  ];
  for (const [preamble, value, expected] of cases)
    it(`${preamble.replace("\n", "; ")}: ${value} is ${expected.join(" ")}`, () =>
      expect(variables(preamble).expand(value)).to.have.members(expected));

  const errors: [string, string, string][] = [
    ["", "@{A}", "undefined-variable"],
    ["$A=true", "@{A}", "variable-kind"],
    ["@{A}=@{B}\n@{B}=@{A}", "@{A}", "recursive-variable"],
    ["@{A}=@{A}", "x@{A}", "recursive-variable"],
    ["@{A}=@{B}", "@{A}", "undefined-variable"],
    ["", "@{}", "empty-variable-name"],
    ["@{A}=0 1 2 3 4 5 6 7 8 9", "@{A}@{A}@{A}@{A}@{A}@{A}", "variable-size"],
  ];
  for (const [preamble, value, code] of errors)
    it(`${preamble.replace("\n", "; ")}: ${value} is refused (${code})`, () => {
      expect(() => variables(preamble).expand(value))
        .to.throw(ResolveError)
        .with.property("code", code);
    });

  it("escapes globs in the profile's name", () =>
    expect(variables("", "/usr/bin/*[x]").expand("@{profile_name}")).to.deep.equal(["/usr/bin/\\*\\[x\\]"]));
  it("gives declared values as they stand", () => expect(variables("@{A}=x @{B}").get("A")).to.deep.equal(["x", "@{B}"]));
  it("makes one glob of several strings", () => expect(expandToGlob("/@{A}/y", variables("@{A}=a b"))).to.equal("{/a/y,/b/y}"));

  it("bounds chains that ask for billions", () => {
    const chain = Array.from({ length: 60 }, (_, i) => `@{A${i + 1}}=@{A${i}} @{A${i}}`).join("\n");
    expect(() => variables(`@{A0}=x\n${chain}`).expand("@{A60}")).to.throw(ResolveError);
    const deep = Array.from({ length: 20_000 }, (_, i) => `@{A${i + 1}}=@{A${i}}`).join("\n");
    expect(() => variables(`@{A0}=x\n${deep}`).expand("@{A20000}")).to.throw(ResolveError);
  });

  it("expands to the product of all values, whatever they are", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,4}$/);
    const set = fc.array(word, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(set, set, word, (a, b, middle) => {
        const expected = a.flatMap((x) => b.map((y) => `${x}${middle}${y}`));
        expect(variables(`@{A}=${a.join(" ")}\n@{B}=${b.join(" ")}`).expand(`@{A}${middle}@{B}`)).to.have.members(expected);
      }),
    );
  });
});
