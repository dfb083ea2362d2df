import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkRules } from "../../../provider/apparmor/check/rules.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";

const root = join(__dirname, "../../..");
const rows = readFileSync(join(root, "docs/errors.md"), "utf8")
  .split("\n")
  .map((line) => /^\| `([a-z-]+)` \| `(.+?)`( \(3\.0\))? \| (.+) \|$/.exec(line))
  .filter((row) => row !== null);

/** The one that needs many words stands shortened in the page. */
const long: Record<string, string> = {
  "too-deep": `profile x { if ${"not ".repeat(201)}$x { } }`,
  "too-many-errors": `profile x { ${", ".repeat(500)} }`,
};

describe("docs/errors.md", () => {
  for (const [, code = "", example = "", old] of rows) {
    it(`${code}: the example shows it`, () => {
      const document = parse(long[code] ?? example.replaceAll("↵", "\n"), { language: old ? "3.0" : "4.1" });
      expect([...document.errors, ...checkRules(document)].map((error) => error.code)).to.include(code);
    });
  }

  it("has every code of the sources, once", () => {
    const files = ["syntax", "check/rules"].flatMap((room) => {
      const folder = join(root, "provider/apparmor", room);
      return readdirSync(folder).map((name) => join(folder, name));
    });
    const codes = new Set<string>();
    for (const file of [...files, join(root, "provider/apparmor/check/rules.ts")]) {
      for (const [, found] of readFileSync(file, "utf8").matchAll(/(?:code: |refuse\()((?:[^,"]*"[^"]*")+?),/g)) {
        for (const [, code] of found!.matchAll(/"([a-z]+(?:-[a-z]+)*)"/g)) if (!["file", "family"].includes(code!)) codes.add(code!);
      }
    }
    expect(rows.map((row) => row[1]).sort()).to.deep.equal([...codes].sort());
  });
});
