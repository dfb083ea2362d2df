import { expect } from "chai";
import fc from "fast-check";
import { commonRule, coveredBy, coversDevices, coversRule } from "../../../provider/devices/cgroup2/covers.js";
import { printDeviceRule } from "../../../provider/devices/cgroup2/rule.js";
import { anyRule, everything, hits, rule, rules, patience, runs } from "./rules.js";

describe("rules that cover others", () => {
  const pairs: [string, string, covers: boolean, common: string | undefined][] = [
    ["c 195:* rwm", "c 195:0 rw", true, "c 195:0 rw"],
    ["c 195:0 rw", "c 195:* rwm", false, "c 195:0 rw"],
    ["c 195:0 rw", "c 195:0 rwm", false, "c 195:0 rw"],
    ["c 195:* rwm", "b 195:0 rw", false, undefined],
    ["c 195:* rwm", "c 196:0 rw", false, undefined],
    ["c *:0 rwm", "c 195:* rwm", false, "c 195:0 rwm"],
    ["c *:* m", "c 1:3 rw", false, undefined],
    ["a", "b 8:0 rwm", true, "b 8:0 rwm"],
    ["a *:* rw", "b 8:0 rw", true, "b 8:0 rw"],
    ["b *:* rwm", "a 8:0 r", false, "b 8:0 r"],
    ["c 1:3 r", "c 1:3 r", true, "c 1:3 r"],
  ];
  for (const [one, two, covers, common] of pairs) {
    it(`${one} ${covers ? "covers" : "does not cover"} ${two}`, () => {
      expect(coversRule(rule(one), rule(two))).to.equal(covers);
      const both = commonRule(rule(one), rule(two));
      expect(both && printDeviceRule(both)).to.equal(common);
    });
  }

  const together: [string, string, boolean][] = [
    ["c *:* m, c 195:* rw", "c 195:0 rwm", true],
    ["c 195:0 r, c 195:0 w", "c 195:0 rw", false],
    ["c 195:0 rm, c 195:0 rw", "c 195:0 rwm", true],
    ["b 8:0 rw, c 8:0 rw", "a 8:0 rw", true],
    ["b 8:0 rw", "a 8:0 rw", false],
    ["", "c 1:3 r", false],
  ];
  for (const [all, one, expected] of together) it(`${all || "nothing"} together ${expected ? "cover" : "do not cover"} ${one}`, () => expect(coveredBy(rules(all), rule(one))).to.equal(expected));

  it("devices without the access", () => expect(coversDevices(rule("c 195:* r"), rule("c 195:0 rw"))).to.equal(true));

  it("as counting out says", () => {
    fc.assert(
      fc.property(anyRule, anyRule, fc.array(anyRule, { maxLength: 4 }), (one, two, more) => {
        const all = [one, ...more];
        const asked = everything.filter((it) => hits(two, it));
        expect(coversRule(one, two)).to.equal(asked.every((it) => hits(one, it)));
        expect(coveredBy(all, two)).to.equal(asked.every((it) => all.some((other) => hits(other, it))));
        const both = commonRule(one, two);
        expect(everything.filter((it) => both && hits(both, it))).to.deep.equal(asked.filter((it) => hits(one, it)));
      }),
      runs,
    );
  }).timeout(patience);
});
