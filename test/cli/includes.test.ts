import { expect } from "chai";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Includes } from "../../provider/apparmor/resolve/index.js";
import { includesFrom, includesIn } from "../../provider/cli/includes.js";
import { folder } from "./cli.js";

const texts = (found: ReturnType<Includes>) => (found === undefined ? undefined : [found].flat().map(({ text }) => text));

describe("includes in directories", () => {
  const place = folder({
    "one/abstractions/base": "base of one",
    "two/abstractions/base": "base of two",
    "two/abstractions/more": "more of two",
    "two/local/b": "b",
    "two/local/a": "a",
    "two/local/deeper/c": "c",
    "two/local/a.dpkg-old": "old",
    "two/local/a~": "backup",
    "two/local/.hidden": "hidden",
    "two/local/README": "readme",
    "two/latin": Buffer.from([0x23, 0xe9, 0x0a]),
  });
  after(place.remove);
  const include = includesFrom([join(place.path, "one"), join(place.path, "two")]);
  const magic = (path: string) => texts(include(path, { magic: true }));

  it("takes <x> from the first directory that has it", () => {
    expect(magic("abstractions/base")).to.deep.equal(["base of one"]);
    expect(magic("abstractions/more")).to.deep.equal(["more of two"]);
    expect(magic("abstractions/none")).to.equal(undefined);
  });

  it("takes the files of a directory in the order of their names, without those that AppArmor passes over", () => {
    expect(magic("local")).to.deep.equal(["a", "b"]);
    expect(magic("local/")).to.deep.equal(["a", "b"]);
  });

  it("follows links", () => {
    symlinkSync(join(place.path, "two/local/a"), join(place.path, "one/linked"));
    expect(magic("linked")).to.deep.equal(["a"]);
  });

  it('takes "x" as a path, whatever the directories are', () => {
    const path = join(place.path, "two/abstractions/more");
    expect(texts(include(path, { magic: false }))).to.deep.equal(["more of two"]);
    expect(include("abstractions/more", { magic: false })).to.equal(undefined);
  });

  it("gives the same file again as the same object", () => {
    expect(include("abstractions/base", { magic: true })).to.equal(include("abstractions/base", { magic: true }));
  });

  it("says which file is no text", () => {
    expect(() => include("latin", { magic: true })).to.throw(/two\/latin: not UTF-8 \(line 1\)/);
  });
});

describe("includes in a table", () => {
  const include = includesIn({
    "tests/part": "part",
    "parts/b": "b",
    "parts/a": "a",
    "parts/x~": "backup",
    top: "top",
  });

  const cases: [path: string, magic: boolean, found: string[] | undefined][] = [
    ["tests/part", true, ["part"]],
    ["./tests//part", true, ["part"]],
    ["root/tests/part", true, undefined],
    ["parts", true, ["a", "b"]],
    ["parts/", true, ["a", "b"]],
    ["part", true, undefined],
    ["tests/part", false, ["part"]],
    ["./root/tests/part", false, ["part"]],
    ["../anywhere/root/tests/part", false, ["part"]],
    ["/etc/apparmor.d/tests/part", false, ["part"]],
    ["root/parts/", false, ["a", "b"]],
    ["does-not-exist/at-all", false, undefined],
  ];
  for (const [path, magic, found] of cases) {
    it(`${magic ? `<${path}>` : `"${path}"`} is ${found ? found.join(" and ") : "nothing"}`, () => {
      expect(texts(include(path, { magic }))).to.deep.equal(found);
    });
  }
});
