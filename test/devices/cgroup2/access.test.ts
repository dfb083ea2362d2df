import { expect } from "chai";
import { commonAccess, hasAccess, normalAccess, requestsOf } from "../../../provider/devices/cgroup2/access.js";

describe("access to devices", () => {
  const normal: [string, string][] = [["mwr", "rwm"], ["rr", "r"], ["wr", "rw"], ["", ""]];
  for (const [written, expected] of normal) it(`${written} is ${expected}`, () => expect(normalAccess(written)).to.equal(expected));

  const pairs: [string, string, has: boolean, common: string][] = [
    ["rwm", "r", true, "r"],
    ["rw", "rw", true, "rw"],
    ["rw", "m", false, ""],
    ["r", "rw", false, "r"],
    ["rm", "wm", false, "m"],
  ];
  for (const [one, two, has, common] of pairs) {
    it(`${one} and ${two}`, () => {
      expect(hasAccess(one, two)).to.equal(has);
      expect(commonAccess(one, two)).to.equal(common);
    });
  }

  const requests: [string, string[]][] = [["rwm", ["rw", "m"]], ["rm", ["r", "m"]], ["m", ["m"]], ["w", ["w"]], ["", []]];
  for (const [access, expected] of requests) it(`${access} is asked for as ${expected.join(", then ") || "nothing"}`, () => expect(requestsOf(access)).to.deep.equal(expected));
});
