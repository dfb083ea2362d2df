import { expect } from "chai";
import fc from "fast-check";
import { toContainer, toHost } from "../../provider/idmap/translate.js";
import { map, patience, runs, smallMap } from "./maps.js";

const one = map("u 0 100000 1000, u 1000 1000 1, u 1001 101001 64535, g 0 200000 10");

describe("ids on the other side", () => {
  const cases: ["u" | "g", number, number | undefined][] = [
    ["u", 0, 100000],
    ["u", 999, 100999],
    ["u", 1000, 1000],
    ["u", 1001, 101001],
    ["u", 65535, 165535],
    ["u", 65536, undefined],
    ["g", 9, 200009],
    ["g", 10, undefined],
  ];
  for (const [type, container, host] of cases) {
    it(`${type}id ${container} of the container is ${host ?? "none"} of the host`, () => {
      expect(toHost(one, type, container)).to.equal(host);
      if (host !== undefined) expect(toContainer(one, type, host)).to.equal(container);
    });
  }

  it("a hole of the node's range is nobody's", () => expect(toContainer(one, "u", 101000)).to.equal(undefined));

  it("there and back is the identity", () => {
    fc.assert(
      fc.property(smallMap(), fc.nat(11), (some, id) => {
        const host = toHost(some, "u", id);
        if (host !== undefined) expect(toContainer(some, "u", host)).to.equal(id);
      }),
      runs,
    );
  }).timeout(patience);
});
