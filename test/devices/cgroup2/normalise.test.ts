import { expect } from "chai";
import fc from "fast-check";
import { normaliseRules, sameRules, union } from "../../../provider/devices/cgroup2/normalise.js";
import { anyRule, everything, hits, print, rules, patience, runs } from "./rules.js";

describe("the fewest rules that mean the same", () => {
  const cases: [string, string][] = [
    ["", ""],
    ["c 195:0 rw, c 195:* rwm", "c 195:* rwm"],
    ["c 195:* rwm, c 195:* rwm", "c 195:* rwm"],
    ["c 1:3 r, c 1:3 w", "c 1:3 w, c 1:3 r"],
    ["c 1:3 r, c 1:3 w, c 1:3 rw", "c 1:3 rw"],
    ["c 1:3 rw, c 1:3 m", "c 1:3 rwm"],
    ["c 1:3 m, c 1:3 r", "c 1:3 rm"],
    ["c *:* m, c 195:0 rwm", "c *:* m, c 195:0 rw"],
    ["c 195:1 r, b 8:0 r, c 195:0 r, c 10:200 r", "b 8:0 r, c 10:200 r, c 195:0 r, c 195:1 r"],
    ["a *:* rwm", "b *:* rwm, c *:* rwm"],
    ["a 8:0 r, b 8:0 rw", "b 8:0 rw, c 8:0 r"],
    ["c *:5 rw, c 5:* rw", "c *:5 rw, c 5:* rw"],
  ];
  for (const [given, expected] of cases) it(`${given || "none"} → ${expected || "none"}`, () => expect(print(normaliseRules(rules(given)))).to.equal(expected));

  it("a union is what either says", () => expect(print(union(rules("c 1:3 rw"), rules("c 1:3 m, c 1:5 r")))).to.equal("c 1:3 rwm, c 1:5 r"));

  it("keeps the meaning, which two lists share exactly if they are the same", () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 6 }), fc.array(anyRule, { maxLength: 2 }), (one, two) => {
        const normal = normaliseRules(one);
        const of = (all: typeof one) => everything.map((asked) => (all.some((it) => hits(it, asked)) ? "1" : "0")).join("");
        expect(of(normal)).to.equal(of(one));
        expect(normaliseRules(normal)).to.deep.equal(normal);
        expect(normaliseRules(one.toReversed())).to.deep.equal(normal);
        expect(sameRules(one, two)).to.equal(of(one) === of(two));
        expect(of(union(one, two))).to.equal(of([...one, ...two]));
        normal.forEach((_, index) => expect(of(normal.toSpliced(index, 1)), "none is too much").not.to.equal(of(one)));
      }),
      runs,
    );
  }).timeout(patience);
});
