import { expect } from "chai";
import { automatonOf } from "../../../provider/apparmor/policy/automaton.js";
import { compare, decide, LimitError } from "../../../provider/apparmor/policy/index.js";
import { policy } from "./policies.js";

/** Globs that begin and end with `**`: each doubles the sets of rules that can match together. */
const names = [..."abcdefghijklmnopqrst"].map((letter) => `${letter}${letter}${letter}`);
const denies = (from: readonly string[]): string[] => from.map((name) => `deny /{,**/}${name}/** w,`);

describe("profiles whose rules can't be told apart by one automaton", () => {
  const text = `file, ${denies(names).join(" ")}`;

  it("are such", () => {
    const { tables } = policy(text);
    expect(() => [...automatonOf("file", tables.get("file")!).reachable()]).to.throw(LimitError);
  });

  const cases: [what: string, other: string, relation: string, message?: RegExp][] = [
    ["the same in another order", `${denies([...names].reverse()).join(" ")} file,`, "equal"],
    ["one deny less", `file, ${denies(names.slice(1)).join(" ")}`, "wider", /^allows .*\/aaa\/[^/]/],
    ["one deny more", `${text} audit deny /**/secret w,`, "tighter", /^denies w on /],
    ["one that is a bit narrower", `file, deny /{,**/}aaa/?** w, ${denies(names.slice(1)).join(" ")}`, "equal"],
    ["one of another permission", `file, deny /{,**/}aaa/** r, ${denies(names.slice(1)).join(" ")}`, "both", /\/aaa\//],
  ];
  for (const [what, other, relation, message] of cases) {
    it(`are compared all the same: ${what}`, () => {
      const [a, b] = [policy(text), policy(other)];
      const comparison = compare(a, b);
      expect(comparison.relation).to.equal(relation);
      if (message) expect(comparison.witnesses.map((witness) => witness.message).join("\n")).to.match(message);
      for (const { access, change, a: before, b: after } of comparison.witnesses) {
        const [one, two] = [decide(a, access), decide(b, access)];
        if (change === "allows") expect([one.allowed, two.allowed]).to.deep.equal([false, true]);
        if (change === "denies") expect([one.allowed, two.allowed]).to.deep.equal([true, false]);
        expect([...before, ...after], "the rules behind it").not.to.have.length(0);
      }
    });
  }
});
