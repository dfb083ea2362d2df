import { expect } from "chai";
import { applyEdits, editsOf, type Edit } from "../../../provider/container/reading/edits.js";

describe("edits as data", () => {
  const cases: [name: string, before: string, after: string, edits: Edit[]][] = [
    ["none", "a\nb\n", "a\nb\n", []],
    ["a line comes", "a\nc\n", "a\nb\nc\n", [{ offset: 2, length: 0, content: "b\n" }]],
    ["a line goes", "a\nb\nc\n", "a\nc\n", [{ offset: 2, length: 2, content: "" }]],
    ["a line becomes another", "a\nb\nc\n", "a\nx\nc\n", [{ offset: 2, length: 2, content: "x\n" }]],
    [
      "two places",
      "a\nb\nc\nd\n",
      "b\nc\nx\nd\n",
      [
        { offset: 0, length: 2, content: "" },
        { offset: 6, length: 0, content: "x\n" },
      ],
    ],
    ["behind a last line that is not ended", "a", "a\nb\n", [{ offset: 1, length: 0, content: "\nb\n" }]],
    [
      "and before it",
      "a",
      "b\na\n",
      [
        { offset: 0, length: 0, content: "b\n" },
        { offset: 1, length: 0, content: "\n" },
      ],
    ],
    ["the end of the last line goes", "a\nb\n", "a", [{ offset: 1, length: 3, content: "" }]],
    ["a carriage return is a part of its line", "a\r\nb\r\n", "a\r\nx\nb\r\n", [{ offset: 3, length: 0, content: "x\n" }]],
    ["into nothing", "", "a\n", [{ offset: 0, length: 0, content: "a\n" }]],
    ["to nothing", "a\n", "", [{ offset: 0, length: 2, content: "" }]],
  ];
  for (const [name, before, after, edits] of cases) {
    it(name, () => {
      expect(editsOf(before, after)).to.deep.equal(edits);
      expect(applyEdits(before, edits)).to.equal(after);
    });
  }

  it("of texts that have nothing in common: one block", () => {
    const lines = (letter: string) => Array.from({ length: 5000 }, (_, i) => `${letter}${i}\n`).join("");
    expect(editsOf(lines("a"), lines("b"))).to.have.length(1);
    expect(applyEdits(lines("a"), editsOf(lines("a"), lines("b")))).to.equal(lines("b"));
  });
});
