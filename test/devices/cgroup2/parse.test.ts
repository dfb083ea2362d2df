import { expect } from "chai";
import fc from "fast-check";
import { parseDeviceRule, readDeviceRule } from "../../../provider/devices/cgroup2/parse.js";
import { globalRule, printDeviceRule } from "../../../provider/devices/cgroup2/rule.js";
import { anyRule, rule, patience, runs } from "./rules.js";

describe("reading device rules", () => {
  const good: [string, string][] = [
    ["a", "a"],
    ["a *:* rwm", "a *:* rwm"],
    ["a 195:* mr", "a 195:* rm"],
    ["c *:* m", "c *:* m"],
    ["b 8:0 r", "b 8:0 r"],
    ["c 010:0 rw", "c 8:0 rw"],
  ];
  for (const [text, printed] of good) it(`${text} is ${printed}`, () => expect(printDeviceRule(rule(text))).to.equal(printed));

  const bad: [string, RegExp][] = [
    ["c 195:*", /must be/],
    ["a rwm", /must be/],
    ["ab 1:3 r", /must be/],
    ["c 08:0 r", /octal/],
    ["c 0:4194304 r", /beyond 1048575/],
    ["/dev/null rw", /must be/],
  ];
  for (const [text, expected] of bad) it(`${text} is none`, () => expect(readDeviceRule(text)).to.match(expected));

  it("`a` with numbers can be read, and not declared", () => {
    expect(parseDeviceRule("a")).to.deep.equal(globalRule);
    expect(parseDeviceRule("a 1:3 r")).to.match(/`a` alone/);
    expect(parseDeviceRule("a 09:3 r")).to.match(/octal/);
  });

  it("parse∘print is the identity", () => {
    const wide = fc.record({ type: fc.constantFrom("b" as const, "c" as const), major: fc.nat(1_048_575), minor: fc.nat(1_048_575), access: fc.constantFrom("r", "rw", "rwm", "m") });
    fc.assert(fc.property(fc.oneof(anyRule, wide), (one) => void expect(rule(printDeviceRule(one))).to.deep.equal(one)), runs);
  }).timeout(patience);
});
