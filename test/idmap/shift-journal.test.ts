import { expect } from "chai";
import { parseMap } from "../../provider/idmap/index.js";
import { parseShiftJournal, shiftJournalPath } from "../../provider/idmap/shift-journal.js";

const maps = { from: parseMap(["u 0 100000 65536", "g 0 100000 65536"]), to: parseMap(["u 0 200000 65536", "g 0 200000 65536"]) };
const lines = ["from u 0 100000 65536", "from g 0 100000 65536", "to u 0 200000 65536", "to g 0 200000 65536", "move u 100000 200000 65536", "bind phase 1"];
const text = (...more: string[]) => [...lines, ...more].join("\n");

describe("the journal of a shift", () => {
  const cases: [name: string, text: string, expected: ReturnType<typeof parseShiftJournal>][] = [
    ["begun", text("phase 1"), { ...maps, phase: 1, running: false }],
    ["done, and the last line ended", text("phase done", ""), { ...maps, phase: "done", running: false }],
    ["of a container that ran", text("running", "phase 2"), { ...maps, phase: 2, running: true }],
    ["without a phase: a bind is none", text(), undefined],
    ["without maps", "phase 1", undefined],
    ["with a map that can't be", "from u 0 99999999999 1\nto u 0 1 1\nphase 1", undefined],
    ["nothing", "", undefined],
  ];
  for (const [name, journal, expected] of cases) it(name, () => expect(parseShiftJournal(journal)).to.deep.equal(expected));

  it("stands by the container's id", () => expect(shiftJournalPath(951)).to.equal("/var/lib/pve-posture/shift-951"));
});
