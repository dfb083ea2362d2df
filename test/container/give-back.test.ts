import { expect } from "chai";
import fc from "fast-check";
import { conf, patience, runs } from "./reading/files.js";
import { declarations, Walk } from "./walk.js";

describe("properties of giving back", function () {
  this.timeout(patience);

  it("declared and given back, every byte is as before, however often the declaration changed", () => {
    fc.assert(
      fc.property(conf, fc.array(declarations, { minLength: 1, maxLength: 3 }), (text, all) => {
        const walk = new Walk();
        const last = all.reduce((current, inputs) => walk.up(current, inputs), text);
        expect(walk.destroy(last)).to.equal(text);
      }),
      runs,
    );
  });
});
