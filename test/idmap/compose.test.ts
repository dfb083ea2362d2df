import { expect } from "chai";
import fc from "fast-check";
import { compose } from "../../provider/idmap/compose.js";
import { toHost } from "../../provider/idmap/translate.js";
import { map, patience, runs, smallMap, text } from "./maps.js";

describe("a map within a map", () => {
  const cases: [outer: string, inner: string, expected: string][] = [
    ["u 0 100000 65536", "u 0 1000 10", "u 0 101000 10"],
    ["u 0 100000 65536", "u 0 65530 10", "u 0 165530 6"],
    ["u 0 100000 5, u 5 5 1, u 6 100006 4", "u 0 3 5", "u 0 100003 2, u 2 5 1, u 3 100006 2"],
    ["u 0 100000 5", "g 0 0 5", ""],
  ];
  for (const [outer, inner, expected] of cases) it(`${inner} in ${outer}`, () => expect(text(compose(map(outer), map(inner)))).to.equal(expected));

  it("is one after the other", () => {
    fc.assert(
      fc.property(smallMap(12, 20), smallMap(12, 20), fc.nat(12), (outer, inner, id) => {
        const between = toHost(inner, "u", id);
        expect(toHost(compose(outer, inner), "u", id)).to.equal(between === undefined ? undefined : toHost(outer, "u", between));
      }),
      runs,
    );
  }).timeout(patience);
});
