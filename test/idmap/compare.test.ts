import { expect } from "chai";
import fc from "fast-check";
import { compare, differences, equals } from "../../provider/idmap/compare.js";
import { normalise } from "../../provider/idmap/map.js";
import { toHost } from "../../provider/idmap/translate.js";
import { map, patience, runs, smallMap } from "./maps.js";

describe("two maps side by side", () => {
  const cases: [string, string, string[]][] = [
    ["u 0 100000 10", "u 0 100000 4, u 4 100004 6", []],
    ["u 0 100000 10", "u 0 200000 10", ["u 0+10: 100000 → 200000"]],
    ["u 0 100000 10", "u 0 100000 5, u 5 5 1, u 6 100006 4", ["u 5+1: 100005 → 5"]],
    ["u 0 100000 10", "u 2 200002 10", ["u 0+2: 100000 → none", "u 2+8: 100002 → 200002", "u 10+2: none → 200010"]],
    ["u 0 100000 10", "g 0 100000 10", ["u 0+10: 100000 → none", "g 0+10: none → 100000"]],
  ];
  for (const [one, two, expected] of cases) {
    it(`${one} and ${two}`, () => {
      const [from, to] = [map(one), map(two)];
      expect(differences(from, to).map((it) => `${it.type} ${it.container}+${it.count}: ${it.from ?? "none"} → ${it.to ?? "none"}`)).to.deep.equal(expected);
      expect(equals(from, to)).to.equal(expected.length === 0);
    });
  }

  it("is what both maps say of each id", () => {
    fc.assert(
      fc.property(smallMap(), smallMap(), (from, to) => {
        const all = compare(from, to);
        expect(equals(from, normalise(from))).to.equal(true);
        const ids = Array.from({ length: 12 }, (_, id) => id);
        const at = (start: number | undefined, skip: number) => (start === undefined ? "none" : start + skip);
        const said = ids.map((id) => {
          const found = all.filter(({ type, container, count }) => type === "g" && id >= container && id < container + count);
          return found.map((one) => `${at(one.from, id - one.container)} → ${at(one.to, id - one.container)}`).join(" and ");
        });
        const expected = ids.map((id) => `${toHost(from, "g", id) ?? "none"} → ${toHost(to, "g", id) ?? "none"}`);
        expect(said).to.deep.equal(expected.map((one) => (one === "none → none" ? "" : one)));
      }),
      runs,
    );
  }).timeout(patience);
});
