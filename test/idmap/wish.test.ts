import { expect } from "chai";
import { mapId, mapRange, passThrough, printWish, typesOf, type Wish } from "../../provider/idmap/wish.js";

describe("wishes", () => {
  const cases: [Wish[], string[]][] = [
    [[mapId("u", 1000, 1000)], ["uid 1000 = 1000"]],
    [passThrough("g", 44, 104), ["gid 44 = 44", "gid 104 = 104"]],
    [[mapRange("both", 2000, 5000, 1000)], ["uid and gid 2000 to 2999 = 5000 to 5999"]],
    [passThrough("u"), []],
  ];
  for (const [wishes, printed] of cases) it(printed.join(", ") || "none", () => expect(wishes.map(printWish)).to.deep.equal(printed));

  it("are for users, groups or both", () => expect([mapId("both", 0, 0), mapId("u", 0, 0), mapId("g", 0, 0)].map(typesOf)).to.deep.equal([["u", "g"], ["u"], ["g"]]));
});
