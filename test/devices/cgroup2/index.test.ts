import { expect } from "chai";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as room from "../../../provider/devices/cgroup2.js";

describe("the rules of devices", () => {
  for (const file of readdirSync(join(__dirname, "../../../provider/devices/cgroup2"))) {
    it(`${file} has a test of its own`, () => expect(existsSync(join(__dirname, file.replace(/\.ts$/, ".test.ts")))).to.equal(true));
  }

  it("open one door", () => expect(room).to.include.keys("parseDeviceRule", "coversRule", "normaliseLines", "allows", "sameMeaning", "deviceFindings"));
});
