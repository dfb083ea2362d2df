import { expect } from "chai";
import fc from "fast-check";
import { buildIdMap, type Building } from "../../provider/idmap/build.js";
import { isComplete } from "../../provider/idmap/coverage.js";
import { IdMapError } from "../../provider/idmap/error.js";
import { normalise } from "../../provider/idmap/map.js";
import { overlapsWithin } from "../../provider/idmap/overlaps.js";
import { toHost } from "../../provider/idmap/translate.js";
import { mapId, mapRange, passThrough, typesOf, type Wish } from "../../provider/idmap/wish.js";
import { patience, runs, text, validWishes } from "./maps.js";

describe("maps from wishes", () => {
  const shifted = "g 0 100000 65536";
  const cases: [string, Wish[], Building, string][] = [
    ["everything shifted", [], {}, `u 0 100000 65536, ${shifted}`],
    ["by another base, and fewer", [], { base: 200_000, size: 1000 }, "u 0 200000 1000, g 0 200000 1000"],
    ["uid 1000 is host uid 1000", [mapId("u", 1000, 1000)], {}, `u 0 100000 1000, u 1000 1000 1, u 1001 101001 64535, ${shifted}`],
    [
      "gid 44 and 104 pass through",
      passThrough("g", 104, 44),
      {},
      "u 0 100000 65536, g 0 100000 44, g 44 44 1, g 45 100045 59, g 104 104 1, g 105 100105 65431",
    ],
    ["the first and the last id", [mapId("u", 0, 0), mapId("u", 65535, 7)], {}, `u 0 0 1, u 1 100001 65534, u 65535 7 1, ${shifted}`],
    ["neighbours become one entry", passThrough("u", 5, 6, 7), { size: 10 }, "u 0 100000 5, u 5 5 3, u 8 100008 2, g 0 100000 10"],
    ["a range", [mapRange("both", 2, 500, 3)], { size: 10 }, "u 0 100000 2, u 2 500 3, u 5 100005 5, g 0 100000 2, g 2 500 3, g 5 100005 5"],
    ["a wish that the shift fulfils anyway", [mapId("u", 5, 100_005)], {}, `u 0 100000 65536, ${shifted}`],
    ["a wish said twice", [mapId("u", 5, 5), mapRange("both", 5, 5, 2)], { size: 8 }, "u 0 100000 5, u 5 5 2, u 7 100007 1, g 0 100000 5, g 5 5 2, g 7 100007 1"],
    ["an id beyond the size", [mapId("g", 70_000, 70_000)], { size: 10 }, "u 0 100000 10, g 0 100000 10, g 70000 70000 1"],
    ["all of it elsewhere", [mapRange("both", 0, 300_000, 10)], { size: 10 }, "u 0 300000 10, g 0 300000 10"],
    ["an id of the host whose own is wished elsewhere", [mapId("u", 5, 100_006), mapId("u", 6, 100_005)], { size: 8 }, "u 0 100000 5, u 5 100006 1, u 6 100005 1, u 7 100007 1, g 0 100000 8"],
    ["no shift", [], { base: 0, size: 4_294_967_295 }, "u 0 0 4294967295, g 0 0 4294967295"],
    ["the last ids", [], { base: 4_294_967_285, size: 10 }, "u 0 4294967285 10, g 0 4294967285 10"],
  ];
  for (const [name, wishes, building, expected] of cases) it(name, () => expect(text(buildIdMap(wishes, building))).to.equal(expected));

  const every = (n: number) => passThrough("u", ...Array.from({ length: n }, (_, i) => 2 * i + 1));
  const bad: [string, Wish[], Building, string, RegExp][] = [
    ["one id of the container, two of the host", [mapId("u", 5, 5), mapId("u", 5, 6)], {}, "container-twice", /^two wishes for uid 5 of the container: uid 5 = 5; uid 5 = 6\n {2}Keep one/],
    ["one id of the host, two of the container", [mapId("g", 5, 9), mapRange("both", 7, 8, 3)], {}, "host-twice", /^two wishes for gid 9 of the host: uid and gid 7 to 9 = 8 to 10; gid 5 = 9/],
    ["an id of the host that the shift gives away", [mapId("u", 5, 100_010)], {}, "host-twice", /^uid 5 = 100010: uid 100010 of the host already stands for 10 of the container, shifted by 100000/],
    ["a base among the wishes", [mapId("u", 1000, 1000)], { base: 500 }, "host-twice", /^uid 1000 = 1000: uid 1000 of the host already stands for 500 of the container/],
    ["an id that is none", [mapId("u", 4_294_967_295, 1)], {}, "out-of-limits", /uid of the container 4294967295/],
    ["a negative one", [mapId("u", -1, 1)], {}, "not-an-id", /uid of the container -1/],
    ["a fraction", [mapId("g", 1, 0.5)], {}, "not-an-id", /gid of the host 0.5/],
    ["no ids", [mapRange("g", 1, 1, 0)], {}, "empty", /count 0/],
    ["a shift beyond the last id", [], { base: 4_294_967_286, size: 10 }, "out-of-limits", /uid of the host 4294967286 to 4294967295/],
    ["a size of nothing", [], { size: 0 }, "empty", /count 0/],
    ["too many for the kernel", every(200), {}, "too-many-entries", /401 entries for uids; the kernel takes 340/],
    ["too many for an old one", passThrough("u", 5, 7), { kernel: "4.14.0", size: 100 }, "fine", /^$/],
    ["too many for an old one", passThrough("u", 5, 7, 9), { kernel: "4.14.0", size: 100 }, "too-many-entries", /7 entries for uids; the kernel takes 5, before Linux 4.15/],
    ["too long for the kernel", every(169), { base: 4_000_000_000 }, "too-long", /the kernel takes 4095/],
  ];
  for (const [name, wishes, building, problem, message] of bad) {
    it(`refused: ${name}: ${problem}`, () => {
      if (problem === "fine") expect(() => buildIdMap(wishes, building)).not.to.throw();
      else expect(() => buildIdMap(wishes, building)).to.throw(IdMapError, message).with.property("problem", problem);
    });
  }

  it("from any valid wishes, covers every id exactly once, as wished, in the fewest entries", () => {
    const places = fc.constantFrom({ base: 1000, size: 32 }, { base: 1000, size: 1 }, { base: 100_000, size: 65_536 });
    // below the node's range, or beyond it
    const cases = fc.tuple(places, fc.boolean()).chain(([place, beyond]) =>
      validWishes(place.base, place.size).map((wishes) => ({
        place,
        wishes: wishes.map((wish) => ({ ...wish, host: beyond ? wish.host + place.base + place.size : wish.host })),
      })),
    );
    fc.assert(
      fc.property(cases, ({ place, wishes }) => {
        const { base, size } = place;
        const built = buildIdMap(wishes, place);
        expect(isComplete(built, size)).to.equal(true);
        expect(overlapsWithin(built)).to.have.length(0);
        expect(text(built)).to.equal(text(normalise(built)));
        for (const type of ["u", "g"] as const) {
          const wished = new Map(
            wishes.filter((wish) => typesOf(wish).includes(type)).flatMap(({ container, host, count }) => Array.from({ length: count }, (_, i) => [container + i, host + i] as const)),
          );
          // of many ids, those where something begins or ends
          const all = size < 100 ? Array.from({ length: size }, (_, id) => id) : [0, size - 1];
          const ids = [...all, size, ...[...wished.keys()].flatMap((id) => (id > 0 ? [id - 1, id, id + 1] : [id]))];
          const expected = ids.map((id) => wished.get(id) ?? (id < size ? base + id : undefined));
          expect(ids.map((id) => toHost(built, type, id)).join()).to.equal(expected.join());
        }
      }),
      runs,
    );
  }).timeout(patience);
});
