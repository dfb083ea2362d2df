import { expect } from "chai";
import { buildIdMap } from "../../provider/idmap/build.js";
import { printRanges } from "../../provider/idmap/ranges.js";
import { parseSubids } from "../../provider/idmap/subid-file.js";
import { granted, missing, root, subidNeeds } from "../../provider/idmap/subid-needs.js";
import { passThrough } from "../../provider/idmap/wish.js";
import { standard } from "./maps.js";

describe("what maps need of /etc/subuid and /etc/subgid", () => {
  it("the default", () => expect(subidNeeds(standard)).to.deep.equal({ u: [{ start: 100_000, count: 65_536 }], g: [{ start: 100_000, count: 65_536 }] }));

  it("ids that pass through, too", () => {
    const { u, g } = subidNeeds(buildIdMap(passThrough("g", 44, 104), { size: 200 }));
    expect([printRanges(u), printRanges(g)]).to.deep.equal(["100000 to 100199", "44, 104, 100000 to 100043, 100045 to 100103, 100105 to 100199"]);
  });

  const needed = [{ start: 100, count: 10 }];
  const cases: [string, string][] = [
    ["", "100 to 109"],
    ["root:100:10\n", ""],
    ["0:100:10\n", ""],
    ["root:0:1000\n", ""],
    ["root:100:4\n0:104:6\n", ""],
    ["root:100:4\n", "104 to 109"],
    ["root:104:2\n", "100 to 103, 106 to 109"],
    ["other:100:10\n", "100 to 109"],
    ["#root:100:10\n", "100 to 109"],
  ];
  for (const [file, expected] of cases) {
    it(`with ${JSON.stringify(file)} there is missing: ${expected || "nothing"}`, () => {
      expect(printRanges(missing(parseSubids(file), needed))).to.equal(expected);
      expect(missing(parseSubids(file), needed, { name: "other", id: 1000 })).to.have.length(file.startsWith("other") ? 0 : 1);
    });
  }

  it("what is granted twice is granted once", () => expect(printRanges(granted(parseSubids("root:5:5\nroot:7:5\n"), root))).to.equal("5 to 11"));
});
