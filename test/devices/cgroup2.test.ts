import { expect } from "chai";
import { isGlobal, parseDeviceRule, printDeviceRule } from "../../provider/devices/cgroup2.js";

describe("device rules", () => {
  const good: [text: string, printed: string, global: boolean][] = [
    ["a", "a", true],
    [" a ", "a", true],
    ["c 195:* rwm", "c 195:* rwm", false],
    ["c  195:0\tmwr", "c 195:0 rwm", false],
    ["b *:* m", "b *:* m", false],
    ["c 0:0 rr", "c 0:0 r", false],
    ["c 1048575:1048575 r", "c 1048575:1048575 r", false],
  ];
  for (const [text, printed, global] of good) {
    it(`${JSON.stringify(text)} is ${printed}`, () => {
      const rule = parseDeviceRule(text);
      if (typeof rule === "string") throw new Error(rule);
      expect(printDeviceRule(rule)).to.equal(printed);
      expect(isGlobal(rule)).to.equal(global);
      expect(parseDeviceRule(printed), "printed and read again").to.deep.equal(rule);
    });
  }

  const bad: [string, RegExp][] = [
    ["", /must be/],
    ["c 195 rwm", /must be/],
    ["c 195:* rwx", /must be/],
    ["c 195:* ", /must be/],
    ["d 1:3 r", /must be/],
    ["c -1:3 r", /must be/],
    ["c 1:3 r\nlxc.cap.drop:", /must be/],
    ["c 1048576:0 r", /beyond/],
    ["c 99999999999999999999:0 r", /beyond/],
    ["a 195:* rwm", /`a` alone/],
    ["a *:* rwm", /`a` alone/],
  ];
  for (const [text, expected] of bad) it(`${JSON.stringify(text)} is none`, () => expect(parseDeviceRule(text)).to.match(expected));
});
