import { expect } from "chai";
import { readNumber } from "../../../provider/devices/cgroup2/numbers.js";

describe("numbers of devices as LXC reads them", () => {
  const cases: [string, number | "*" | undefined][] = [
    ["0", 0], ["195", 195], ["*", "*"], ["010", 8], ["00", 0], ["08", undefined], ["0x10", undefined], ["-1", undefined], ["", undefined], ["**", undefined], ["1048575", 1_048_575],
  ];
  for (const [text, expected] of cases) it(`${JSON.stringify(text)} is ${expected ?? "none"}`, () => expect(readNumber(text)).to.equal(expected));
});
