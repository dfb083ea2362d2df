import { expect } from "chai";
import fc from "fast-check";
import {
  buildDfa,
  bytesOf,
  collapseSlashes,
  GlobError,
  isExact,
  LimitError,
  parseGlob,
  reachable,
  textOf,
} from "../../../provider/apparmor/glob/index.js";
import { matches, parts, write } from "./naive.js";

const runs = { numRuns: Number(process.env["PVE_POSTURE_FUZZ"] ?? 500) };

function accepts(glob: string, text: string, nulls = false): boolean {
  const dfa = buildDfa([{ key: glob, name: glob, regex: parseGlob(glob, { nulls }) }]);
  return dfa.acceptance(dfa.run(bytesOf(text))) !== 0;
}

describe("globs", () => {
  const cases: [glob: string, yes: string[], no: string[]][] = [
    ["/a/*", ["/a/b", "/a/.b"], ["/a/", "/a/b/c", "/a"]],
    ["/a/**", ["/a/b", "/a/b/c", "/a/b/"], ["/a/", "/a", "/a//b"]],
    ["/a/{,**}", ["/a/", "/a/b"], ["/a"]],
    ["/{**,}", ["/", "/a", "/a/b"], ["a"]],
    ["/a*", ["/a", "/ab"], ["/a/b"]],
    ["/a**", ["/a", "/ab", "/a/b"], ["/b"]],
    ["/*/b", ["/a/b"], ["//b", "/a/c/b"]],
    ["/**/b", ["/a/b", "/a/c/b"], ["/b"]],
    ["/?", ["/a"], ["/", "//", "/ab"]],
    ["/[a-c]", ["/a", "/c"], ["/d"]],
    ["/[c-a]", ["/b"], ["/d"]],
    ["/[^a]", ["/b", "//"], ["/a"]],
    ["/[-a]", ["/-", "/a"], ["/b"]],
    ["/[?]", ["/^]", "//]"], ["/?", "/x]"]],
    ["/{a,b{c,d}}", ["/a", "/bc", "/bd"], ["/b", "/c"]],
    ["/{a,}b", ["/ab", "/b"], ["/a"]],
    ["/a,b", ["/a,b"], ["/a"]],
    ["/\\*", ["/*"], ["/a"]],
    ["/\\{a\\,b\\}", ["/{a,b}"], ["/a"]],
    ["/\\101\\x42\\d067", ["/ABC"], []],
    ["/a.b+(c)|d^e$", ["/a.b+(c)|d^e$"], ["/aab"]],
    ["/é?", ["/éa"], ["/é", "/éé"]],
    ["", [""], ["a"]],
  ];
  for (const [glob, yes, no] of cases) {
    for (const text of yes) it(`${glob} matches ${JSON.stringify(text)}`, () => expect(accepts(glob, text)).to.be.true);
    for (const text of no) it(`${glob} does not match ${JSON.stringify(text)}`, () => expect(accepts(glob, text)).to.be.false);
  }
  it("wildcards match byte 0 where it is asked for", () => {
    expect(accepts("a*", "a\0b", true)).to.be.true;
    expect(accepts("a*", "a\0b")).to.be.false;
  });
});

describe("what the compiler refuses", () => {
  for (const glob of ["/[a", "/a]", "/{a}", "/{a,b", "/a}", "/a\\", "/[a-]", "/[]a]", `/${"{a,".repeat(60)}${"}".repeat(60)}`]) {
    it(glob.slice(0, 20), () => expect(() => parseGlob(glob)).to.throw(GlobError));
  }
});

describe("plain names, whose exec modes beat those of globs", () => {
  for (const glob of ["/bin/a", "/bin/{a,b}", "/bin/[ab]", "/a\\*"]) it(glob, () => expect(isExact(parseGlob(glob))).to.be.true);
  for (const glob of ["/bin/*", "/bin/a**", "/bin/?", "/bin/[^a]"]) it(`not ${glob}`, () => expect(isExact(parseGlob(glob))).to.be.false);
});

describe("repeated slashes", () => {
  const cases: [string, string][] = [
    ["/a//b", "/a/b"],
    ["//a", "//a"],
    ["///a///", "/a/"],
    ["//", "//"],
    ["/", "/"],
    ["", ""],
  ];
  for (const [path, expected] of cases) it(path, () => expect(collapseSlashes(path)).to.equal(expected));
});

describe("automata", () => {
  it("match as a naive matcher does", () => {
    const text = fc.array(fc.constantFrom("a", "b", "/", "é", "c"), { maxLength: 8 }).map((letters) => letters.join(""));
    fc.assert(
      fc.property(parts.map(write), text, (glob, value) => accepts(glob, value) === matches(glob, value)),
      runs,
    );
  });

  it("find a string for every set of globs that have one, and match it", () => {
    fc.assert(
      fc.property(fc.array(parts.map(write), { minLength: 1, maxLength: 4 }), (globs) => {
        const dfa = buildDfa(globs.map((glob, index) => ({ key: `${index}`, name: glob, regex: parseGlob(glob) })));
        for (const { state, witness } of reachable(dfa)) {
          const bytes = witness();
          // only text can be given to the naive matcher
          if (bytesOf(textOf(bytes)) !== bytes || bytes.includes("\0")) continue;
          const accepted = dfa.accepted(dfa.acceptance(state));
          if (globs.some((glob, index) => matches(glob, textOf(bytes)) !== accepted.includes(index))) return false;
        }
        return true;
      }),
      runs,
    );
  });

  it("prefer strings that one can read", () => {
    const dfa = buildDfa([{ key: "", name: "", regex: parseGlob("/srv/*/[^a]?") }]);
    expect([...reachable(dfa)].map(({ witness }) => witness())).to.deep.equal(["/srv/a/ba"]);
  });

  const evil = [
    "/{*a*b*,*c*d*,{*e*f*,*g{*h*,*i*}*}}",
    `/${"[a-z]**".repeat(200)}x`,
    `/**a${"?".repeat(40)}`,
    `/${"{*a,*b}".repeat(300)}`,
    `/${"{**a**,}".repeat(100)}`,
    `/${"a".repeat(500_000)}*`,
  ];
  for (const glob of evil) {
    it(`${glob.slice(0, 30)}… ends soon, with an error that names it or without`, () => {
      const dfa = buildDfa([{ key: glob, name: glob, regex: parseGlob(glob) }]);
      const start = performance.now();
      try {
        for (const { state } of reachable(dfa)) expect(dfa.acceptance(state)).to.not.equal(0);
      } catch (error) {
        expect(error).to.be.instanceOf(LimitError);
        expect((error as LimitError).glob).to.equal(glob);
      }
      expect(performance.now() - start).to.be.below(20_000);
    });
  }

  it("one string costs no more than its length, whatever the glob", () => {
    const start = performance.now();
    accepts(`/**a${"?".repeat(40)}`, `/${"ab".repeat(200)}`);
    expect(performance.now() - start).to.be.below(2000);
  });
});
