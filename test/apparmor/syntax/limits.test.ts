import { expect } from "chai";
import { checkRules } from "../../../provider/apparmor/check/rules.js";
import { parse, print } from "../../../provider/apparmor/syntax/index.js";

const much = (piece: string, length: number): string => piece.repeat(Math.ceil(length / piece.length));

describe("limits", function () {
  this.timeout(120_000);

  const pieces = [
    "{", "}", '"', "\\", "(", ")", "a", "a,", "a,\n", " ", "\n", "#", "# \n", "/", "@{", "@{a}", "$", "=", "->", "[", "/{", "not ", "else ", "profile ",
    "profile a {\n", "if $a {\n", "if $a {} else ", "^a {\n", "peer=(", "network (", "include <", "#include", "deny ", "options=(", "\\\n", '"\\"', '"/',
    "\0", "\r\n", "/a r", "a in (", "set rlimit ", "x",
  ];
  for (const [before, length] of [["profile x {\n", 2 ** 20], ["", 2 ** 17], ["profile x {\n mount options=(", 2 ** 17]] as const) {
    it(`${length} characters of anything behind ${JSON.stringify(before)} take a moment`, () => {
      for (const piece of pieces) {
        const text = before + much(piece, length);
        const start = performance.now();
        const document = parse(text);
        checkRules(document);
        // a machine under load included; quadratic time would be minutes
        expect(performance.now() - start, JSON.stringify(piece)).to.be.below(10_000);
        expect(print(document) === text, JSON.stringify(piece)).to.be.true;
        expect(document.errors.length).to.be.at.most(200);
      }
    });
  }

  it("braces nest 200 deep", () => {
    const nested = (depth: number): string[] =>
      parse(`profile x {\n${"if defined @{X} {\n".repeat(depth - 1)}/a r,\n${"}\n".repeat(depth - 1)}}\n`).errors.map((error) => error.code);
    expect(nested(200)).to.deep.equal([]);
    expect(nested(201)).to.deep.equal(["too-deep"]);
  });
});
