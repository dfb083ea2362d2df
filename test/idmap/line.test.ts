import { expect } from "chai";
import fc from "fast-check";
import { IdMapError } from "../../provider/idmap/error.js";
import { parseEntry, printEntry } from "../../provider/idmap/line.js";
import { patience, runs } from "./maps.js";

describe("lines of lxc.idmap", () => {
  const good: [string, string][] = [
    ["u 0 100000 65536", "u 0 100000 65536"],
    ["g 44 44 1", "g 44 44 1"],
    ["  u\t0  100000 65536 \r", "u 0 100000 65536"],
    ["g 0 0 4294967295", "g 0 0 4294967295"],
    ["u 4294967294 4294967294 1", "u 4294967294 4294967294 1"],
  ];
  for (const [value, printed] of good) it(`${JSON.stringify(value)} is ${printed}`, () => expect(printEntry(parseEntry(value))).to.equal(printed));

  const bad: [string, string, RegExp][] = [
    ["", "unreadable", /is no map/],
    ["u 0 100000", "unreadable", /is no map/],
    ["b 0 100000 65536", "unreadable", /is no map/],
    ["u0 100000 65536", "unreadable", /is no map/],
    ["u 0 100000 65536 1", "unreadable", /is no map/],
    ["u 0 0x10 1", "unreadable", /is no map/],
    ["u -1 0 1", "unreadable", /is no map/],
    ["u 0.5 0 1", "unreadable", /is no map/],
    ["u 0 1 1\nu 1 2 1", "unreadable", /is no map/],
    ["u 0 010 1", "unreadable", /LXC reads 010 as octal/],
    ["u 0 100000 0", "empty", /count 0 maps no id/],
    ["u 0 1 4294967295", "out-of-limits", /1 to 4294967295 reaches beyond/],
    ["u 4294967295 0 1", "out-of-limits", /4294967295 is beyond/],
    ["u 99999999999999999999 0 1", "not-an-id", /is no id/],
  ];
  for (const [value, problem, message] of bad) it(`${JSON.stringify(value)} is none`, () => expect(() => parseEntry(value)).to.throw(IdMapError, message).with.property("problem", problem));

  it("parse∘print is the identity", () => {
    const id = fc.oneof(fc.nat(70_000), fc.integer({ min: 4_294_000_000, max: 4_294_967_294 }));
    const entry = fc.record({ type: fc.constantFrom("u" as const, "g" as const), container: id, host: id, count: fc.integer({ min: 1, max: 1000 }) });
    fc.assert(
      fc.property(entry, (one) => {
        fc.pre(Math.max(one.container, one.host) + one.count <= 4_294_967_295);
        expect(parseEntry(printEntry(one))).to.deep.equal(one);
      }),
      runs,
    );
  }).timeout(patience);
});
