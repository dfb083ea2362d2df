import { expect } from "chai";
import fc from "fast-check";
import { parseSubid, parseSubids, printSubid, printSubids } from "../../provider/idmap/subid-file.js";
import { patience, runs } from "./maps.js";

describe("/etc/subuid and /etc/subgid", () => {
  const lines: [string, string | undefined][] = [
    ["root:100000:65536", "root:100000:65536"],
    ["0:100000:65536", "0:100000:65536"],
    ["DOMAIN\\user:1:2", "DOMAIN\\user:1:2"],
    ["root:0x186a0:65536", "root:100000:65536"],
    ["root:010:1", "root:8:1"],
    ["root: 7:1", "root:7:1"],
    ["", undefined],
    ["# root:100000:65536:", undefined],
    ["root:100000", undefined],
    ["root:100000:", undefined],
    [":100000:1", undefined],
    ["root:100000:65536:", undefined],
    ["root:1e5:1", undefined],
    ["root:-1:1", undefined],
    ["root:089:1", undefined],
    [`${"x".repeat(1020)}:1:1`, undefined],
  ];
  for (const [line, expected] of lines) {
    it(`${JSON.stringify(line.slice(0, 40))}: ${expected ?? "no entry"}`, () => {
      const entry = parseSubid(line);
      expect(entry && printSubid(entry)).to.equal(expected);
    });
  }

  const files = ["", "\n", "root:100000:65536", "root:100000:65536\n", "# a\n\nroot:1:2\r\n+\ngarbage\0\nroot:3:4"];
  for (const file of files) it(`${JSON.stringify(file)} comes back`, () => expect(printSubids(parseSubids(file))).to.equal(file));

  it("any bytes come back", () => {
    const part = fc.oneof(fc.constantFrom("root:100000:65536", "\n", "\r\n", "#", ":", "0"), fc.string({ unit: "binary" }));
    fc.assert(fc.property(fc.array(part).map((parts) => parts.join("")), (file) => void expect(printSubids(parseSubids(file))).to.equal(file)), runs);
  }).timeout(patience);
});
