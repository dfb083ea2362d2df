import { expect } from "chai";
import fc from "fast-check";
import { showDeviceLine } from "../../../provider/devices/cgroup2/line.js";
import { normaliseLines, sameMeaning } from "../../../provider/devices/cgroup2/meaning.js";
import { anyLines, lines, permitted, patience, runs } from "./rules.js";

const device = () => ({ type: "b" as const, major: 1, minor: 0 });

describe("what lines of devices come to", () => {
  const cases: [string, string][] = [
    ["", "allow a"],
    ["deny a", "allow a"],
    ["allow a, allow c 1:3 rwm", "allow a"],
    ["allow c 1:5 r, deny a, allow c 1:3 rw, allow c 1:3 m, allow c 1:3 r", "deny a, allow c 1:3 rwm"],
    ["deny a, allow c 1:3 rwm, deny c 1:3 rwm", "deny a, deny c *:* rwm"],
    ["allow a, deny c 1:5 r, deny c 1:* r", "allow a, deny c 1:* r"],
  ];
  for (const [text, expected] of cases) it(`${text || "none"} → ${expected}`, () => expect(normaliseLines(lines(text)).map(showDeviceLine).join(", ")).to.equal(expected));

  const same: [string, string, boolean][] = [
    ["deny a, allow c 1:3 rw, allow c 1:3 m", "deny a, allow c 1:3 mwr", true],
    ["deny a, allow c 1:3 rw", "deny a, allow c 1:3 r, allow c 1:3 w", false],
    ["deny a, allow a *:* rwm", "", true],
    ["deny a, allow b *:* rwm", "allow a, deny c *:* rwm", true],
    ["deny a, allow b *:* rwm, allow c *:* m", "allow a, deny c *:* rw", true],
    ["deny a, allow b *:* rwm", "allow a, deny c *:* rw", false],
    ["deny a", "deny a, deny c *:* rwm", false],
    ["deny a, deny c 1:3 r", "allow a, deny a *:* rwm", true],
  ];
  for (const [one, two, expected] of same) it(`${one || "none"} ${expected ? "is" : "is not"} ${two || "none"}`, () => expect(sameMeaning(lines(one), lines(two))).to.equal(expected));

  it("normal form keeps the meaning, whatever stands before it, and equal is what lets the same through", () => {
    fc.assert(
      fc.property(anyLines, anyLines, (one, two) => {
        const of = (all: typeof one) => permitted(all, { device });
        const normal = normaliseLines(one, { device });
        expect(of(normal)).to.equal(of(one));
        expect(normaliseLines(normal)).to.deep.equal(normal);
        expect(of([...two.filter(({ value }) => value !== ""), ...normal])).to.equal(of(one));
        expect(sameMeaning(one, normal, { device })).to.equal(true);
        expect(sameMeaning(one, two, { device })).to.equal(of(one) === of(two));
      }),
      runs,
    );
  }).timeout(patience);
});
