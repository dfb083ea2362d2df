import { expect } from "chai";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as room from "../../provider/idmap/index.js";

describe("the room of idmaps", () => {
  const source = join(__dirname, "../../provider/idmap");
  for (const file of readdirSync(source)) {
    it(`${file} has a test of its own`, () => expect(existsSync(join(__dirname, file.replace(/\.ts$/, ".test.ts")))).to.equal(true));
  }

  it("opens one door", () => expect(room).to.include.keys("buildIdMap", "checkMap", "overlapsAcross", "shift", "addSubids", "removeSubids"));
});
