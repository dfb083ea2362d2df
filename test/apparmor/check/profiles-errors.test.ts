import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = join(__dirname, "../../..");
const apparmor = join(root, "provider/apparmor");
const page = readFileSync(join(root, "docs/errors.md"), "utf8");

describe("docs/errors.md: what several statements make", () => {
  it("has every code of resolve and of the checks across rules", () => {
    const files = [
      ...readdirSync(join(apparmor, "resolve")).map((name) => join(apparmor, "resolve", name)),
      ...readdirSync(join(apparmor, "check"))
        .filter((name) => name.startsWith("profiles"))
        .map((name) => join(apparmor, "check", name)),
    ];
    const codes = new Set<string>();
    for (const file of files)
      for (const [, code] of readFileSync(file, "utf8").matchAll(/(?:code: |new ResolveError\(\s*)"([a-z-]+)"/g)) codes.add(code!);
    expect(codes.size).to.be.greaterThan(25);
    for (const code of codes) expect(page, code).to.include(`\`${code}\``);
  });

  it("has no row for a code that is nowhere", () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| [^`]/gm)].map(([, code]) => code!);
    const sources = ["resolve", "check"].flatMap((room) =>
      readdirSync(join(apparmor, room), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => readFileSync(join(apparmor, room, name), "utf8")),
    );
    expect(rows.length).to.be.greaterThan(20);
    for (const code of rows)
      expect(
        sources.some((text) => text.includes(`"${code}"`)),
        code,
      ).to.equal(true);
  });
});
