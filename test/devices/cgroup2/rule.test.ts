import { expect } from "chai";
import { globalRule, isGlobal, printDeviceRule, type DeviceRule } from "../../../provider/devices/cgroup2/rule.js";

describe("printing device rules", () => {
  const cases: [DeviceRule, string, boolean][] = [
    [globalRule, "a", true],
    [{ type: "a", major: "*", minor: "*", access: "rwm" }, "a *:* rwm", false],
    [{ type: "c", major: 195, minor: "*", access: "rw" }, "c 195:* rw", false],
    [{ type: "b", major: 8, minor: 0, access: "r" }, "b 8:0 r", false],
  ];
  for (const [rule, expected, global] of cases) {
    it(expected, () => {
      expect(printDeviceRule(rule)).to.equal(expected);
      expect(isGlobal(rule)).to.equal(global);
    });
  }
});
