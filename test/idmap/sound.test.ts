import { expect } from "chai";
import { IdMapError } from "../../provider/idmap/error.js";
import type { Entry } from "../../provider/idmap/entry.js";
import { checkMap } from "../../provider/idmap/sound.js";
import { many, map, ofBytes, standard } from "./maps.js";

describe("maps that the kernel takes", () => {
  const good: [string, Entry[], string?][] = [
    ["the default", [...standard]],
    ["340 entries", many(340)],
    ["5 entries on an old kernel", many(5), "4.9.0"],
    ["none", []],
    ["4095 bytes", ofBytes(4095)],
  ];
  for (const [name, entries, kernel] of good) it(name, () => expect(() => checkMap(entries, kernel)).not.to.throw());

  const bad: [string, Entry[], string, RegExp, string?][] = [
    ["341 entries", many(341), "too-many-entries", /has 341 entries for uids; the kernel takes 340$/],
    ["6 on an old kernel", many(6), "too-many-entries", /the kernel takes 5, before Linux 4.15/, "4.14.1"],
    ["4096 bytes", ofBytes(4096), "too-long", /^the map for uids is 4096 bytes long; the kernel takes 4095$/],
    ["one id of the container twice", [...map("u 0 1 5, u 4 100 1")], "container-twice", /`u 0 1 5` and `u 4 100 1` both map uid 4 of the container/],
    ["one id of the host twice", [...map("g 0 1 5, g 9 3 9")], "host-twice", /both map gid 3 to 5 of the host/],
    ["an id that is none", [{ type: "u", container: 0, host: -1, count: 1 }], "not-an-id", /uid of the host -1/],
  ];
  for (const [name, entries, problem, message, kernel] of bad) it(name, () => expect(() => checkMap(entries, kernel)).to.throw(IdMapError, message).with.property("problem", problem));
});
