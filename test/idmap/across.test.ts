import { expect } from "chai";
import fc from "fast-check";
import { overlapsAcross, type Mapped } from "../../provider/idmap/across.js";
import { mapped } from "../../provider/idmap/coverage.js";
import { has, printRange } from "../../provider/idmap/range.js";
import { map, patience, runs, smallMap, standard } from "./maps.js";

const container = (vmid: number, written: string, wished?: Mapped["wished"]): Mapped => ({ vmid, map: map(written), ...(wished && { wished }) });
const print = (containers: Mapped[]) => overlapsAcross(containers).map(({ type, range, vmids, accidental }) => `${type} ${printRange(range)}: ${vmids}${accidental.length > 0 ? `, by accident ${accidental}` : ""}`);

describe("ids that the containers of a node share", () => {
  const cases: [string, Mapped[], string[]][] = [
    ["one alone", [{ vmid: 101, map: standard }], []],
    ["apart", [container(101, "u 0 100000 65536"), container(102, "u 0 165536 65536")], []],
    ["the same default", [container(101, "u 0 100000 65536"), container(102, "u 0 100000 65536")], ["u 100000 to 165535: 101,102, by accident 101,102"]],
    ["a bit of it", [container(102, "g 0 100000 10"), container(101, "g 0 100008 10")], ["g 100008 to 100009: 101,102, by accident 101,102"]],
    ["what passes through both", [container(101, "u 0 100000 1000, u 1000 1000 1"), container(102, "u 0 200000 1000, u 1000 1000 1")], ["u 1000: 101,102"]],
    ["what passes through one and is the other's by its shift", [container(101, "u 1000 1000 1"), container(102, "u 0 500 1000")], ["u 1000: 101,102, by accident 102"]],
    [
      "what was wished for under another id",
      [container(101, "u 5 2000 1", { u: [{ start: 2000, count: 1 }] }), container(102, "u 6 2000 1", { u: [{ start: 2000, count: 1 }] }), container(103, "u 7 2000 2")],
      ["u 2000: 101,102,103, by accident 103"],
    ],
    [
      "three, each part with those who have it",
      [container(1, "u 0 100 10"), container(2, "u 0 105 10"), container(3, "u 0 108 10")],
      ["u 105 to 107: 1,2, by accident 1,2", "u 108 to 109: 1,2,3, by accident 1,2,3", "u 110 to 114: 2,3, by accident 2,3"],
    ],
    ["pieces of one map are no cuts", [container(1, "u 0 100 5, u 5 105 5"), container(2, "u 0 98 20")], ["u 100 to 109: 1,2, by accident 1,2"]],
    ["a wish for ids that a container doesn't have", [container(1, "u 0 100 5", { u: [{ start: 200, count: 5 }, { start: 102, count: 0 }] }), container(2, "u 0 200 5")], []],
    ["uids are not gids", [container(1, "u 0 100 5"), container(2, "g 0 100 5")], []],
  ];
  for (const [name, containers, expected] of cases) it(name, () => expect(print(containers)).to.deep.equal(expected));

  it("every shared id is in exactly one range, with all who have it", () => {
    fc.assert(
      fc.property(fc.array(smallMap(6, 20), { maxLength: 4 }), (maps) => {
        const shared = overlapsAcross(maps.map((one, vmid) => ({ vmid, map: one })));
        for (const type of ["u", "g"] as const) {
          const hosts = maps.map((one) => mapped(one, type, "host"));
          const ids = Array.from({ length: 20 }, (_, id) => id);
          const found = ids.map((id) => shared.flatMap((one) => (one.type === type && has(one.range, id) ? [`[${one.vmids}]`] : [])));
          const holders = ids.map((id) => hosts.flatMap((ranges, vmid) => (ranges.some((range) => has(range, id)) ? [vmid] : [])));
          expect(found.join(";")).to.equal(holders.map((vmids) => (vmids.length > 1 ? `[${vmids}]` : "")).join(";"));
        }
      }),
      runs,
    );
  }).timeout(patience);
});
