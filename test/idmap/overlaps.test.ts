import { expect } from "chai";
import fc from "fast-check";
import { printRange } from "../../provider/idmap/range.js";
import { overlapsWithin } from "../../provider/idmap/overlaps.js";
import { map, patience, runs, smallMap, text } from "./maps.js";

describe("overlaps within a map", () => {
  const cases: [string, string[]][] = [
    ["u 0 100000 65536, g 0 100000 65536", []],
    ["u 0 100000 5, u 5 200000 5", []],
    ["u 0 100000 5, u 4 200000 5", ["u container 4"]],
    ["u 0 100000 5, u 5 100003 5", ["u host 100003 to 100004"]],
    ["u 0 100000 5, g 0 100000 5", []],
    ["g 0 100000 5, g 0 100000 5", ["g container 0 to 4", "g host 100000 to 100004"]],
    ["u 0 0 10, u 2 50 1, u 4 60 1", ["u container 2", "u container 4"]],
    ["u 0 0 1, u 5 50 1, u 3 40 5", ["u container 5"]],
  ];
  for (const [written, expected] of cases) {
    it(written, () => expect(overlapsWithin(map(written)).map(({ type, side, range }) => `${type} ${side} ${printRange(range)}`)).to.deep.equal(expected));
  }

  it("says which two, the first to start first", () => {
    const [overlap] = overlapsWithin(map("u 5 50 5, u 0 0 6"));
    expect(text(overlap!.entries)).to.equal("u 0 0 6, u 5 50 5");
  });

  it("a sound map has none", () => fc.assert(fc.property(smallMap(), (one) => void expect(overlapsWithin(one)).to.deep.equal([])), runs)).timeout(patience);
});
