import { expect } from "chai";
import { adjoins, checkEntry, eachType, idName, rangeOf } from "../../provider/idmap/entry.js";
import { parseEntry, printEntry } from "../../provider/idmap/line.js";

describe("entries of a map", () => {
  const pairs: [string, string, boolean][] = [
    ["u 0 100000 1000", "u 1000 101000 5", true],
    ["u 0 100000 1000", "u 1000 1000 1", false],
    ["u 0 100000 1000", "u 1001 101000 5", false],
    ["u 0 100000 1000", "g 1000 101000 5", false],
    ["u 0 100000 1000", "u 0 100000 1000", false],
  ];
  for (const [one, two, expected] of pairs) it(`${one} ${expected ? "goes on in" : "does not go on in"} ${two}`, () => expect(adjoins(parseEntry(one), parseEntry(two))).to.equal(expected));

  it("both stands for users and groups, and keeps what else is known", () => {
    const entries = eachType([{ type: "both" as const, container: 0, host: 1, count: 2, index: 7 }, { type: "g" as const, container: 5, host: 6, count: 1, index: 8 }]);
    expect(entries.map((entry) => `${printEntry(entry)} ${entry.index}`)).to.deep.equal(["u 0 1 2 7", "g 0 1 2 7", "g 5 6 1 8"]);
  });

  it("has a range on each side", () => {
    const entry = parseEntry("g 5 105 3");
    expect([rangeOf(entry, "container"), rangeOf(entry, "host")]).to.deep.equal([{ start: 5, count: 3 }, { start: 105, count: 3 }]);
    expect(idName(entry.type)).to.equal("gid");
  });

  const bad: [number, number, number, RegExp][] = [
    [-1, 0, 1, /^uid of the container -1 is no id/],
    [0, 4294967295, 1, /^uid of the host 4294967295 is beyond/],
    [0, 1, 4294967295, /^uid of the host 1 to 4294967295 reaches beyond/],
  ];
  for (const [container, host, count, expected] of bad) it(`${container} ${host} ${count} is refused`, () => expect(() => checkEntry({ type: "u", container, host, count })).to.throw(expected));
});
