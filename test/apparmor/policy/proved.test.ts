import { expect } from "chai";
import { compare, decide, redundantRules, type Relation } from "../../../provider/apparmor/policy/index.js";
import { policy } from "./policies.js";

/** What `rwkmx` on a path comes to, for the owner and for others. */
function granted(rules: string, path: string): string {
  const of = policy(rules);
  return [true, false]
    .map((owner) => [..."rwkmx"].filter((permissions) => decide(of, { class: "file", path, permissions, owner }).allowed).join(""))
    .join(" ");
}

describe("what ix maps", () => {
  const cases: [rules: string, path: string, granted: string, note: string][] = [
    ["file,", "/q", "rwkmx rwkmx", "ix brings m"],
    ["file, priority=1 deny /srv/** x,", "/srv/q", "rwkm rwkm", "a denial of x leaves m"],
    ["file, priority=1 audit deny /srv/** rwlkx,", "/srv/q", "m m", "and of all but m"],
    ["file, priority=1 deny /srv/** mx,", "/srv/q", "rwk rwk", "x and m together hold"],
    ["file, deny /srv/** mx,", "/srv/q", "rwk rwk", "at one priority too"],
    ["/a* ix, priority=1 deny /a x,", "/a", "m m", "ix alone"],
    ["/a* Pix, priority=1 deny /a x,", "/a", "m m", "as a fallback"],
    ["/a* mix, priority=1 deny /a x,", "/a", "m m", "said twice"],
    ["/a* ix, priority=1 deny owner /a x,", "/a", "m mx", "for the owner"],
    ["/a* ix, priority=1 /a ix,", "/a", "mx mx", "the rule above inherits as well"],
    ["file, deny /srv/** m,", "/srv/q", "rwkmx rwkmx", "a denial of m alone may not count"],
    ["/a* px, /a* m, deny /a* m,", "/a", "x x", "without ix it does"],
    ["deny /a m, /a* m,", "/a", " ", "m of its own"],
    [
      "@{W}=/a /b/\n/t { priority=-1 /[a-c]* Pix -> p, priority=1 owner @{W} px, priority=1 audit other /a cx -> c, audit other /a\\* px -> p//&q, profile c { } }",
      "/a",
      "mx mx",
      "each half by itself",
    ],
  ];
  for (const [rules, path, expected, note] of cases) it(`${note}: ${rules}`, () => expect(granted(rules, path)).to.equal(expected));

  const pairs: [a: string, b: string, relation: Relation][] = [
    ["file, deny /s/** m,", "file,", "both"],
    ["file, deny /s/** m,", "file, deny /s/** mx,", "tighter"],
    ["/a* ix, priority=1 /a px,", "/a* ix, priority=1 /a px, /a m,", "both"],
    ["file, priority=1 deny /s/** x,", "file, priority=1 deny /s/** mx,", "tighter"],
    ["/a* ix, /a m,", "/a* ix,", "equal"],
  ];
  for (const [a, b, relation] of pairs)
    it(`${a} and ${b} are ${relation}`, () => expect(compare(policy(a), policy(b)).relation).to.equal(relation));

  it("no denial of m is redundant that may count", () => expect(redundantRules(policy("file, deny /s/** m,"))).to.deep.equal([]));
});

describe("limits of 64 bits", () => {
  const limits: [rule: string, value: number | bigint][] = [
    ["fsize <= 9007199254740993", 9007199254740993n],
    ["fsize <= 17179869184GB", 0],
    ["fsize <= 17179869185GB", 2 ** 30],
    ["fsize <= 18446744073709551615", 2n ** 63n - 1n],
    ["rttime <= 18446744073710s", 448384],
    ["cpu <= 18446744073709551615us", 9223372036854],
    ["cpu <= 1999999us", 1],
    ["nofile <= 010", 8],
    ["nofile <= 089", 0],
    ["nice <= -20", 0],
    ["data <= infinity", Infinity],
  ];
  for (const [rule, value] of limits) {
    it(rule, () => expect([...policy(`set rlimit ${rule},`).rlimits.values()][0]!.value).to.equal(value));
  }

  it("tells those apart that are one double", () => {
    const [a, b] = [policy("set rlimit fsize <= 9007199254740993,"), policy("set rlimit fsize <= 9007199254740992,")];
    expect([compare(a, b).relation, compare(b, a).relation, compare(a, a).relation]).to.deep.equal(["tighter", "wider", "equal"]);
  });
});

describe("an unconfined profile's restrictions", () => {
  const pairs: [a: string, b: string, relation: Relation][] = [
    ["userns,", "/a r,", "tighter"],
    ["", "io_uring,", "wider"],
    ["change_profile -> a,", "", "tighter"],
    ["deny userns,", "", "both"],
    ["/a r,", "network,", "equal"],
  ];
  for (const flag of ["unconfined", "default_allow"]) {
    for (const [a, b, relation] of pairs) {
      it(`${flag}: { ${a} } and { ${b} } are ${relation}`, () => {
        expect(compare(policy(a, `flags=(${flag})`), policy(b, `flags=(${flag})`)).relation).to.equal(relation);
      });
    }
    it(`${flag}: everything is allowed on kernels that don't ask`, () => {
      expect(decide(policy("", `flags=(${flag})`), { class: "userns" }).allowed).to.equal(true);
    });
  }
});
