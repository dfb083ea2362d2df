import { expect } from "chai";
import { IdMapError } from "../../provider/idmap/error.js";
import { checkId, checkRange } from "../../provider/idmap/ids.js";

const problem = (check: () => void): string => {
  try {
    check();
    return "fine";
  } catch (error) {
    if (!(error instanceof IdMapError)) throw error;
    return `${error.problem}: ${error.what}`;
  }
};

describe("ids and their limits", () => {
  const ids: [number, RegExp][] = [
    [0, /^fine/],
    [4294967294, /^fine/],
    [4294967295, /^out-of-limits: uid 4294967295 is beyond 4294967294, the last id there is/],
    [-1, /^not-an-id: uid -1 is no id/],
    [1.5, /^not-an-id: uid 1.5/],
    [NaN, /^not-an-id: uid NaN/],
    [Infinity, /^not-an-id/],
    [2 ** 60, /^not-an-id/],
  ];
  for (const [id, expected] of ids) it(`${id}`, () => expect(problem(() => checkId(id, "uid"))).to.match(expected));

  const ranges: [number, number, RegExp][] = [
    [0, 1, /^fine/],
    [0, 4294967295, /^fine/],
    [4294967294, 1, /^fine/],
    [0, 4294967296, /^out-of-limits: uid 0 to 4294967295 reaches beyond 4294967294/],
    [4294967294, 2, /^out-of-limits/],
    [1, 4294967295, /^out-of-limits/],
    [5, 0, /^empty: uid 5: the count 0/],
    [5, -1, /^empty/],
    [5, 0.5, /^not-an-id: uid 5: the count 0.5/],
    [-5, 1, /^not-an-id/],
  ];
  for (const [start, count, expected] of ranges) it(`${count} from ${start}`, () => expect(problem(() => checkRange({ start, count }, "uid"))).to.match(expected));
});
