import { expect } from "chai";
import { PostureError } from "../../provider/errors.js";
import { IdMapError, type IdMapProblem } from "../../provider/idmap/error.js";

describe("errors of maps", () => {
  const codes: [IdMapProblem, string][] = [
    ["unreadable", "invalid-input"],
    ["out-of-limits", "invalid-input"],
    ["container-twice", "conflict"],
    ["host-twice", "conflict"],
    ["not-expressible", "conflict"],
  ];
  for (const [problem, code] of codes) {
    it(`${problem} is ${code}`, () => {
      const error = new IdMapError(problem, "what", "hint");
      expect(error).to.be.instanceOf(PostureError).with.property("code", code);
      expect(error).to.include({ problem, message: "what\n  hint" });
      expect(error.entries).to.deep.equal([]);
    });
  }
});
