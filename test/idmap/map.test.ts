import { expect } from "chai";
import fc from "fast-check";
import { equals } from "../../provider/idmap/compare.js";
import { entriesOf, normalise, parseMap, printKernelMap } from "../../provider/idmap/map.js";
import { map, patience, runs, smallMap, text } from "./maps.js";

describe("maps", () => {
  const normal: [string, string][] = [
    ["u 0 100000 65536, g 0 100000 65536", "u 0 100000 65536, g 0 100000 65536"],
    ["g 0 100000 5, u 3 100003 2, u 0 100000 3", "u 0 100000 5, g 0 100000 5"],
    ["u 0 100000 3, u 3 7 2", "u 0 100000 3, u 3 7 2"],
    ["u 0 7 2, u 2 9 1, u 3 10 1, u 5 12 1", "u 0 7 4, u 5 12 1"],
  ];
  for (const [written, expected] of normal) it(`${written} is ${expected}`, () => expect(text(normalise(map(written)))).to.equal(expected));

  it("forgets the lines before an empty one", () => expect(text(parseMap(["u 0 1 1", "", "g 0 1 1"]))).to.equal("g 0 1 1"));

  it("gives users and groups apart, in order", () => {
    const both = map("g 5 6 1, u 9 9 1, u 0 1 2");
    expect(text(entriesOf(both, "u"))).to.equal("u 0 1 2, u 9 9 1");
    expect(printKernelMap(both, "u")).to.equal("9 9 1\n0 1 2\n");
    expect(printKernelMap(both, "g")).to.equal("5 6 1\n");
  });

  it("normal form keeps the meaning, and there is one for each", () => {
    fc.assert(
      fc.property(smallMap(), (one) => {
        expect(equals(normalise(one), one)).to.equal(true);
        expect(normalise(one.toReversed())).to.deep.equal(normalise(one));
        expect(normalise(normalise(one))).to.deep.equal(normalise(one));
      }),
      runs,
    );
  }).timeout(patience);
});
