import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";

const room = "provider/container/reading/check";

/** The codes in the source: what stands first in error(…) and warning(…). */
function codesInSource(): string[] {
  const texts = readdirSync(room).map((name) => readFileSync(`${room}/${name}`, "utf8"));
  const found = texts.flatMap((text) =>
    [...text.matchAll(/\b(?:error|warning)\(\s*(?:"([a-z-]+)"|`([^`]*)`)/g)].map(([, plain, made]) => plain ?? made!),
  );
  return found.flatMap((code) => (code === "device-${finding}" ? ["device-still-allowed", "device-half-denied"] : code));
}

describe("docs/conf-findings.md", () => {
  const rows = readFileSync("docs/conf-findings.md", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"));

  it("has each code of the source once, in alphabetical order", () => {
    const codes = rows.map((row) => /^\| `([a-z-]+)` \|/.exec(row)![1]);
    expect(codes).to.deep.equal([...new Set(codesInSource())].sort());
    expect(codes).to.have.length.above(40);
  });

  it("says of each what it is and what to do", () => {
    for (const row of rows) expect(row).to.match(/^\| `[a-z-]+` \| [^|]+[.:] \| [^|]+\. \|$/);
  });
});
