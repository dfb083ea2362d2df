import { expect } from "chai";
import { between, endOf, has, intersect, isEmpty, overlaps, printRange } from "../../provider/idmap/range.js";

describe("half-open ranges of ids", () => {
  const pairs: [a: [number, number], b: [number, number], common: [number, number] | undefined][] = [
    [[0, 10], [5, 15], [5, 10]],
    [[0, 10], [10, 20], undefined],
    [[0, 10], [9, 10], [9, 10]],
    [[0, 10], [0, 10], [0, 10]],
    [[0, 10], [3, 4], [3, 4]],
    [[0, 0], [0, 10], undefined],
    [[4294967294, 4294967295], [0, 4294967295], [4294967294, 4294967295]],
  ];
  for (const [a, b, expected] of pairs) {
    it(`[${a}) and [${b}) have ${expected ? `[${expected})` : "nothing"} in common`, () => {
      const [one, two] = [between(...a), between(...b)];
      expect(overlaps(one, two)).to.equal(expected !== undefined);
      expect(overlaps(two, one)).to.equal(expected !== undefined);
      if (expected) expect(intersect(one, two)).to.deep.equal(between(...expected));
      else expect(isEmpty(intersect(two, one))).to.equal(true);
    });
  }

  const members: [number, boolean][] = [[99, false], [100, true], [109, true], [110, false]];
  for (const [id, expected] of members) it(`[100, 110) ${expected ? "has" : "lacks"} ${id}`, () => expect(has(between(100, 110), id)).to.equal(expected));

  it("ends before its end", () => {
    expect(endOf({ start: 7, count: 3 })).to.equal(10);
    expect(printRange({ start: 7, count: 3 })).to.equal("7 to 9");
    expect(printRange({ start: 7, count: 1 })).to.equal("7");
    expect(between(7, 3)).to.deep.equal({ start: 7, count: 0 });
  });
});
