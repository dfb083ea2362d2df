import { expect } from "chai";
import { contradictionOf, withoutRepeats } from "../../provider/idmap/contradictions.js";
import { map, text } from "./maps.js";

describe("wishes against each other", () => {
  const cases: [string, string | undefined][] = [
    ["u 0 5 3, u 0 5 3", undefined],
    ["u 0 5 3, u 1 6 4", undefined],
    ["u 0 5 3, u 1 7 4", "container"],
    ["u 0 5 3, u 9 6 4", "host"],
    ["u 0 5 3, g 0 6 3", undefined],
    ["u 0 5 3, u 3 5 1", "host"],
  ];
  for (const [written, side] of cases) it(`${written}: ${side ?? "none"}`, () => expect(contradictionOf(map(written))?.side).to.equal(side));

  const repeats: [string, string][] = [
    ["u 0 5 3, u 0 5 3", "u 0 5 3"],
    ["u 0 5 3, u 1 6 4", "u 0 5 3, u 3 8 2"],
    ["u 0 5 9, u 1 6 1, u 2 7 9", "u 0 5 9, u 9 14 2"],
    ["u 0 5 3, g 0 5 3", "u 0 5 3, g 0 5 3"],
    ["u 4 5 3, u 0 1 2", "u 0 1 2, u 4 5 3"],
  ];
  for (const [written, expected] of repeats) it(`${written}, each once`, () => expect(text(withoutRepeats(map(written)))).to.equal(expected));
});
