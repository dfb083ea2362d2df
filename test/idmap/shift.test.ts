import { expect } from "chai";
import fc from "fast-check";
import { buildIdMap } from "../../provider/idmap/build.js";
import { equals } from "../../provider/idmap/compare.js";
import type { Entry } from "../../provider/idmap/entry.js";
import { IdMapError } from "../../provider/idmap/error.js";
import type { IdMap } from "../../provider/idmap/map.js";
import { changes, moved, printMove, reverse, shift, type Move, type Shift } from "../../provider/idmap/shift.js";
import { mapId } from "../../provider/idmap/wish.js";
import { map, patience, runs, smallMap, standard, text, validWishes } from "./maps.js";

const print = (moves: Move[]) => moves.map(printMove).join(", ");

/** The old map, with every id of the node moved. */
const after = (from: IdMap, by: Shift): Entry[] =>
  from.flatMap(({ type, container, host, count }) => Array.from({ length: count }, (_, i): Entry => ({ type, container: container + i, host: moved(by, type, host + i)!, count: 1 })));

describe("shifting owners from one map to another", () => {
  const cases: [string, IdMap, IdMap, string, string][] = [
    ["nothing", standard, standard, "", ""],
    ["another base", standard, buildIdMap([], { base: 200_000 }), "100000 to 165535 → 200000 to 265535", "100000 to 165535 → 200000 to 265535"],
    ["one id more passes through", standard, buildIdMap([mapId("u", 1000, 1000)]), "101000 → 1000", ""],
    ["one id no longer does", buildIdMap([mapId("g", 44, 44)]), standard, "", "44 → 100044"],
    ["ids that trade places", map("u 0 10 1, u 1 11 1"), map("u 0 11 1, u 1 10 1"), "10 → 11, 11 → 10", ""],
    ["a base that overlaps the old one", map("u 0 10 5"), map("u 0 12 5"), "10 to 14 → 12 to 16", ""],
    ["an old map that had less", map("u 0 10 5"), map("u 0 20 9"), "10 to 14 → 20 to 24", ""],
    ["moves that go on become one", map("u 0 10 2, u 5 12 3"), map("u 0 20 2, u 5 22 3"), "10 to 14 → 20 to 24", ""],
  ];
  for (const [name, from, to, users, groups] of cases) {
    it(name, () => {
      const { u, g } = changes(shift(from, to));
      expect([print(u), print(g)]).to.deep.equal([users, groups]);
    });
  }

  it("an id that stays is known, one of nobody's is not", () => {
    const by = shift(standard, buildIdMap([mapId("u", 1000, 1000)]));
    expect([moved(by, "u", 100_000), moved(by, "u", 101_000), moved(by, "u", 0)]).to.deep.equal([100_000, 1000, undefined]);
  });

  it("ids without one in the new map are refused, with their numbers", () => {
    const lose = () => shift(standard, buildIdMap([], { size: 60_000 }));
    expect(lose).to.throw(IdMapError, "the new map has no ids for uid 60000 to 65535 of the container (160000 to 165535 of the host) and gid 60000 to 65535 of the container");
    try {
      lose();
    } catch (error) {
      expect(text((error as IdMapError).entries)).to.equal("u 60000 160000 5536, g 60000 160000 5536");
      expect(error).to.have.property("problem", "not-expressible");
    }
  });

  it("a map that contradicts itself is refused", () => expect(() => shift(standard, map("u 0 5 5, u 2 90 1"))).to.throw(IdMapError).with.property("problem", "container-twice"));

  it("the old map shifted is the new one, and the way back leads back", () => {
    const [base, size] = [1000, 20];
    const built = (at: number) => validWishes(base, size).map((wishes) => buildIdMap(wishes.filter(({ container, count }) => container + count <= size), { base: at, size }));
    fc.assert(
      fc.property(built(base), built(2000), (from, to) => {
        const there = shift(from, to);
        expect(equals(after(from, there), to)).to.equal(true);
        expect(equals(after(to, reverse(there)), from)).to.equal(true);
      }),
      runs,
    );
  }).timeout(patience);

  it("loses nothing in silence", () => {
    fc.assert(
      fc.property(smallMap(6, 12), smallMap(6, 12), (from, to) => {
        const lost = from.filter((one) => !to.some(({ type, container }) => type === one.type && container === one.container));
        try {
          shift(from, to);
          expect(lost).to.deep.equal([]);
        } catch (error) {
          if (!(error instanceof IdMapError)) throw error;
          expect(equals(error.entries, lost)).to.equal(true);
        }
      }),
      runs,
    );
  }).timeout(patience);
});
