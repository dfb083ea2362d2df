import { expect } from "chai";
import { problemsOf } from "../../provider/idmap/problems.js";
import { map } from "./maps.js";

describe("problems of a map", () => {
  const cases: [string, string[]][] = [
    ["u 0 100000 65536, g 0 100000 65536", []],
    ["u 0 100000 65536", ["no-groups: has no entry for groups (g): any lxc.idmap line replaces the whole default map"]],
    ["g 0 100000 65536", ["no-users: has no entry for users (u): any lxc.idmap line replaces the whole default map"]],
    ["u 0 100000 1000, u 1001 101001 64535, g 0 100000 65536", ["incomplete: uid 1000 of the container stands for none of the host"]],
    ["u 0 100000 65536, g 0 100000 1000", ["incomplete: gid 1000 to 65535 of the container stand for none of the host"]],
    ["u 0 100000 65536, u 5 5 1, g 0 100000 65536", ["container-twice: `u 0 100000 65536` and `u 5 5 1` both map uid 5 of the container"]],
  ];
  for (const [written, expected] of cases) it(written, () => expect(problemsOf(map(written)).map(({ problem, text }) => `${problem}: ${text}`)).to.deep.equal(expected));

  it("measures by the size and the kernel that are given", () => {
    const six = map("u 0 0 1, u 2 2 1, u 4 4 1, u 6 6 1, u 8 8 1, u 10 10 1, g 0 0 11");
    expect(problemsOf(six, { size: 1, kernel: "4.9" }).map(({ problem }) => problem)).to.deep.equal(["too-many-entries"]);
    expect(problemsOf(six, { size: 1 })).to.deep.equal([]);
  });
});
