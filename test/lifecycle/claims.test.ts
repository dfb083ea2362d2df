import { expect } from "chai";
import { Claims } from "../../provider/lifecycle/claims.js";
import type { Claim } from "../../provider/plan/kind.js";

const claim = (text: string, exclusive = true, id = "lxc.idmap", path = "/951.conf"): Claim => ({ path, id, exclusive, text });

describe("claims of one update", () => {
  const cases: [name: string, one: Claim[], two: Claim[], conflict: boolean][] = [
    ["the same twice", [claim("u"), claim("g")], [claim("u"), claim("g")], false],
    ["something else", [claim("u")], [claim("g")], true],
    ["a part of it", [claim("u"), claim("g")], [claim("u")], true],
    ["more than it", [claim("u")], [claim("u"), claim("g")], true],
    ["another order of it", [claim("u"), claim("g")], [claim("g"), claim("u")], true],
    ["another family", [claim("u")], [claim("x", true, "lxc.mount.auto")], false],
    ["another file", [claim("u")], [claim("g", true, "lxc.idmap", "/952.conf")], false],
    ["shared lines", [claim("u", false)], [claim("g", false)], false],
    ["nothing", [claim("u")], [], false],
  ];
  for (const [name, one, two, conflict] of cases) {
    it(`${name}: ${conflict ? "a conflict" : "both hold"}`, () => {
      const claims = new Claims();
      claims.make("machine", "one", one, "container 951");
      const make = () => claims.make("machine", "two", two, "container 951");
      if (conflict) expect(make).to.throw(/two resources of this program declare lxc.idmap differently/);
      else make();
      expect(() => claims.make("another machine", "two", two, "")).not.to.throw();
    });
  }

  it("a resource doesn't conflict with what it said before", () => {
    const claims = new Claims();
    claims.make("machine", "one", [claim("u")], "");
    claims.make("machine", "one", [claim("g")], "");
    expect(claims.claimed("machine", "two", "/951.conf", "u")).to.be.false;
    expect(claims.claimed("machine", "two", "/951.conf", "g")).to.be.true;
  });

  it("what is dropped is claimed no more, and nobody's own claim counts against it", () => {
    const claims = new Claims();
    claims.make("machine", "one", [claim("u")], "");
    expect(claims.claimed("machine", "one", "/951.conf", "u")).to.be.false;
    expect(claims.claimed("machine", "two", "/952.conf", "u")).to.be.false;
    expect(claims.claimed("other", "two", "/951.conf", "u")).to.be.false;
    claims.drop("machine", "one");
    expect(claims.claimed("machine", "two", "/951.conf", "u")).to.be.false;
    claims.drop("machine", "never there");
  });
});
