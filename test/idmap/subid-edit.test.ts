import { expect } from "chai";
import fc from "fast-check";
import type { Range } from "../../provider/idmap/range.js";
import { between } from "../../provider/idmap/range.js";
import { covers } from "../../provider/idmap/ranges.js";
import { addSubids, removeSubids } from "../../provider/idmap/subid-edit.js";
import { parseSubids } from "../../provider/idmap/subid-file.js";
import { granted, root } from "../../provider/idmap/subid-needs.js";
import { patience, runs } from "./maps.js";

const whole = [between(100_000, 165_536)];

describe("adding to /etc/subuid", () => {
  const cases: [string, string, Range[], string][] = [
    ["nothing there", "", whole, "root:100000:65536\n"],
    ["already there", "root:100000:65536\n", whole, "root:100000:65536\n"],
    ["there under the number", "0:0:1000000", whole, "0:0:1000000"],
    ["after what others have", "# mine\nuser:100000:65536\n", whole, "# mine\nuser:100000:65536\nroot:100000:65536\n"],
    ["after a line without an end", "user:5:5", whole, "user:5:5\nroot:100000:65536\n"],
    ["what is missing of it", "root:100000:65536\n", [between(1000, 1001), ...whole], "root:100000:65536\nroot:1000:1\n"],
    ["two holes", "root:5:1\n", [between(4, 7)], "root:5:1\nroot:4:1\nroot:6:1\n"],
  ];
  for (const [name, before, needed, expected] of cases) {
    it(name, () => {
      const { text, added, ended } = addSubids(before, needed);
      expect(text).to.equal(expected);
      expect(addSubids(text, needed).added, "a second time").to.deep.equal([]);
      expect(removeSubids(text, { added, ended }, []).text, "and back").to.equal(before);
    });
  }

  it("for another owner, by name", () => expect(addSubids("", whole, { name: "lxc", id: 200 }).text).to.equal("lxc:100000:65536\n"));
});

describe("removing from /etc/subuid when the last user goes", () => {
  const added = ["root:1000:1", "root:100000:65536"];
  const cases: [string, string, Range[], string, string[]][] = [
    ["nobody else needs them", "a:1:1\nroot:1000:1\nroot:100000:65536\n", [], "a:1:1\n", []],
    ["others need one", "root:1000:1\nroot:100000:65536\n", [between(1000, 1001)], "root:1000:1\n", ["root:1000:1"]],
    ["others need a part of one", "root:1000:1\nroot:100000:65536\n", [between(100_005, 100_006)], "root:100000:65536\n", ["root:100000:65536"]],
    ["others need it, but have it otherwise", "0:0:2000\nroot:1000:1\nroot:100000:65536\n", [between(1000, 1001)], "0:0:2000\n", []],
    ["somebody has removed one", "root:100000:65536\n", [], "", []],
    ["of equal lines the last", "root:1000:1\n# b\nroot:1000:1\n", [between(100_005, 100_006)], "root:1000:1\n# b\n", []],
    ["somebody has added the same", "root:1000:1\nroot:1000:1\nroot:100000:65536\n", [between(1000, 1001)], "root:1000:1\n", []],
  ];
  for (const [name, file, others, expected, kept] of cases) {
    it(name, () => {
      const result = removeSubids(file, { added, ended: false }, others);
      expect(result.text).to.equal(expected);
      expect(result.kept).to.deep.equal(kept);
    });
  }

  it("the end of the last line goes only when nothing has come after it", () => {
    const { text, ...mine } = addSubids("a:1:1", whole);
    expect(removeSubids(`${text}b:1:1\n`, mine, []).text).to.equal("a:1:1\nb:1:1\n");
    expect(removeSubids(text, mine, whole).text).to.equal(text);
  });
});

describe("properties of /etc/subuid", () => {
  const line = fc.constantFrom("# note", "", "garbage", "root:5:5", "0:20:3", "other:0:50", "root:7:9:");
  const file = fc.tuple(fc.array(line), fc.boolean()).map(([lines, ended]) => lines.join("\n") + (ended && lines.length > 0 ? "\n" : ""));
  const needs = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 6 })).map(([start, count]): Range => ({ start, count })), { maxLength: 4 });

  it("grants what is needed, once, and gives every byte back", () => {
    fc.assert(
      fc.property(file, needs, (before, needed) => {
        const { text, ...mine } = addSubids(before, needed);
        expect(covers(granted(parseSubids(text), root), needed)).to.equal(true);
        expect(addSubids(text, needed).text).to.equal(text);
        expect(removeSubids(text, mine, []).text).to.equal(before);
      }),
      runs,
    );
  }).timeout(patience);

  it("never takes from others what they need", () => {
    fc.assert(
      fc.property(file, needs, needs, (before, ours, others) => {
        const { text, ...mine } = addSubids(addSubids(before, ours).text, others);
        const { text: after } = removeSubids(text, mine, ours);
        expect(covers(granted(parseSubids(after), root), ours)).to.equal(true);
      }),
      runs,
    );
  }).timeout(patience);
});
