import { expect } from "chai";
import fc from "fast-check";
import { between, type Range } from "../../provider/idmap/range.js";
import { common, countOf, covers, merge, printRanges, subtract } from "../../provider/idmap/ranges.js";
import { patience, runs } from "./maps.js";

type Pairs = [number, number][];
const of = (pairs: Pairs): Range[] => pairs.map((pair) => between(...pair));

describe("sets of ids as ranges", () => {
  const merges: [Pairs, Pairs][] = [
    [[], []],
    [[[5, 5]], []],
    [[[0, 5], [5, 9]], [[0, 9]]],
    [[[5, 9], [0, 5]], [[0, 9]]],
    [[[0, 9], [2, 3]], [[0, 9]]],
    [[[0, 5], [6, 9]], [[0, 5], [6, 9]]],
  ];
  for (const [ranges, expected] of merges) it(`${JSON.stringify(ranges)} merged`, () => expect(merge(of(ranges))).to.deep.equal(of(expected)));

  const subtractions: [Pairs, Pairs, Pairs][] = [
    [[[0, 10]], [], [[0, 10]]],
    [[[0, 10]], [[0, 10]], []],
    [[[0, 10]], [[3, 4]], [[0, 3], [4, 10]]],
    [[[0, 10]], [[0, 3], [9, 12]], [[3, 9]]],
    [[[0, 10], [20, 30]], [[5, 25]], [[0, 5], [25, 30]]],
    [[[0, 10]], [[10, 20]], [[0, 10]]],
  ];
  for (const [ranges, without, expected] of subtractions) {
    it(`${JSON.stringify(ranges)} without ${JSON.stringify(without)}`, () => {
      expect(subtract(of(ranges), of(without))).to.deep.equal(of(expected));
      expect(covers(of(without), of(ranges))).to.equal(expected.length === 0);
    });
  }

  it("prints few, and cuts many short", () => {
    expect(printRanges(of([[1, 2], [7, 10]]))).to.equal("1, 7 to 9");
    expect(printRanges(of([[0, 1], [2, 3], [4, 5], [6, 8]]), 2)).to.equal("0, 2 and 2 more ranges (5 ids in all)");
    expect(countOf(of([[0, 5], [3, 8]]))).to.equal(8);
  });

  it("is set algebra", () => {
    const range = fc.tuple(fc.nat(30), fc.nat(8)).map(([start, count]) => ({ start, count }));
    const ids = (ranges: readonly Range[]) => new Set(ranges.flatMap(({ start, count }) => Array.from({ length: count }, (_, i) => start + i)));
    fc.assert(
      fc.property(fc.array(range), fc.array(range), (a, b) => {
        const [one, two] = [ids(a), ids(b)];
        expect(ids(merge(a))).to.deep.equal(one);
        expect([...ids(subtract(a, b))]).to.have.members([...one].filter((id) => !two.has(id)));
        expect([...ids(common(a, b))]).to.have.members([...one].filter((id) => two.has(id)));
        expect(countOf(a)).to.equal(one.size);
        expect(covers(a, b)).to.equal([...two].every((id) => one.has(id)));
      }),
      runs,
    );
  }).timeout(patience);
});
