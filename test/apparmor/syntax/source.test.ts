import { expect } from "chai";
import { diagnosticAt, positionAt, snippetOf } from "../../../provider/apparmor/syntax/index.js";

describe("places in a text", () => {
  const source = { text: "one\r\ntwo\n\n\tfour", file: "f" };
  const cases: [number, number, number, string][] = [
    [0, 1, 1, "one\n^"],
    [2, 1, 3, "one\n  ^"],
    [5, 2, 1, "two\n^"],
    [9, 3, 1, "\n^"],
    [11, 4, 2, "\tfour\n\t^"],
    [15, 4, 6, "\tfour\n\t    ^"],
  ];
  for (const [offset, line, column, snippet] of cases) {
    it(`offset ${offset} is ${line}:${column}`, () => {
      expect(positionAt(source, offset)).to.deep.equal({ line, column });
      expect(snippetOf(source, { start: offset, end: offset + 1 })).to.equal(snippet);
    });
  }

  it("a span over lines has its carets on the first", () => expect(snippetOf(source, { start: 5, end: 14 })).to.equal("two\n^^^"));

  it("a long line is cut", () => {
    const [line, carets] = snippetOf({ text: "a".repeat(5000) }, { start: 2500, end: 2503 }).split("\n");
    expect(line).to.equal(`…${"a".repeat(200)}…`);
    expect(carets).to.equal(`${" ".repeat(101)}^^^`);
  });

  it("a place outside is the text's end", () => {
    const { span, line, column, file } = diagnosticAt(source, { start: 99, end: 100 }, { code: "x", message: "y" });
    expect({ span, line, column, file }).to.deep.equal({ span: { start: 15, end: 15 }, line: 4, column: 6, file: "f" });
  });
});
