import { expect } from "chai";
import { gaps, isComplete, mapped, unmapped } from "../../provider/idmap/coverage.js";
import { printRanges } from "../../provider/idmap/ranges.js";
import { map } from "./maps.js";

describe("what a map covers", () => {
  const cases: [written: string, size: number | undefined, users: string, groups: string, gaps: string][] = [
    ["u 0 100000 65536, g 0 100000 65536", undefined, "", "", ""],
    ["u 0 100000 1000, u 1000 1000 1, u 1001 101001 64535, g 0 100000 65536", undefined, "", "", ""],
    ["u 0 100000 1000, u 1001 101001 64535", undefined, "1000", "0 to 65535", "1000"],
    ["u 5 100005 10, g 0 100000 65535", undefined, "0 to 4, 15 to 65535", "65535", ""],
    ["u 0 100000 65536, g 0 100000 65536", 70000, "65536 to 69999", "65536 to 69999", ""],
    ["u 0 100000 10, u 70000 1 1, g 0 100000 10", 10, "", "", "10 to 69999"],
  ];
  for (const [written, size, users, groups, holes] of cases) {
    it(`${written}${size ? `, ${size} ids` : ""}`, () => {
      const one = map(written);
      expect(printRanges(unmapped(one, "u", size))).to.equal(users);
      expect(printRanges(unmapped(one, "g", size))).to.equal(groups);
      expect(printRanges(gaps(one, "u"))).to.equal(holes);
      expect(isComplete(one, size)).to.equal(users === "" && groups === "");
    });
  }

  it("gives the ids of either side", () => {
    const one = map("u 1 7 2, u 3 9 1, g 0 0 1");
    expect([printRanges(mapped(one, "u", "container")), printRanges(mapped(one, "u", "host"))]).to.deep.equal(["1 to 3", "7 to 9"]);
  });
});
