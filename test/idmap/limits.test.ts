import { expect } from "chai";
import { endOfIds, lastId, maxEntries } from "../../provider/idmap/limits.js";

describe("what the kernel takes", () => {
  const kernels: [string | undefined, number][] = [
    [undefined, 340],
    ["6.14.8-2-pve", 340],
    ["5.4.0", 340],
    ["4.15.0", 340],
    ["4.14.999", 5],
    ["4.9", 5],
    ["3.10.0-1160.el7", 5],
    ["unknown", 340],
  ];
  for (const [kernel, entries] of kernels) it(`Linux ${kernel ?? "as new as can be"}: ${entries} entries`, () => expect(maxEntries(kernel)).to.equal(entries));

  it("4294967295 is no id", () => expect([lastId, endOfIds]).to.deep.equal([2 ** 32 - 2, 2 ** 32 - 1]));
});
