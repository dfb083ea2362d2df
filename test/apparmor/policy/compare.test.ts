import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  compare,
  compareFiles,
  execConflicts,
  exception,
  overlap,
  redundantRules,
  type Relation,
} from "../../../provider/apparmor/policy/index.js";
import { file, policy } from "./policies.js";

describe("compare", () => {
  const cases: [a: string, b: string, relation: Relation, message?: string][] = [
    ["/a r, /b w,", "/b w, /a r,", "equal"],
    ["/a rw,", "/a r, /a w,", "equal"],
    ["/{a,b} r,", "/a r, /b r,", "equal"],
    ["owner /a r, /a r,", "/a r,", "equal"],
    ["/a w,", "/a w, /a a,", "equal"],
    ["network inet tcp,", "network inet stream,", "equal"],
    ["file,", "/{**,} rwmlk, /{**,} ix,", "equal"],
    ["/a Cx -> b,", "/a Px -> /t//b,", "equal"],
    ["deny /a r, /a r,", "deny /a r,", "equal"],
    ["priority=1 /a r, deny /a r,", "/a r,", "equal"],
    ["/mnt/** rw,", "/mnt/** r,", "tighter", "denies w on /mnt/a"],
    ["/mnt/public/** rw,", "/mnt/** rw,", "wider", "allows rw on /mnt/a"],
    ["/a r,", "/b r,", "both", "allows r on /b"],
    ["/a/** r,", "/a/{,**} r,", "wider", "allows r on /a/"],
    ["/srv/** rw,", "/srv/** rw, deny /srv/secret/** w,", "tighter", "denies w on /srv/secret/a"],
    ["owner /a r,", "/a r,", "wider", "allows r on /a of another owner"],
    ["/a r,", "audit /a r,", "both", "logs otherwise: r on /a"],
    ["deny /a r,", "audit deny /a r,", "both", "logs otherwise: r on /a"],
    ["/a Px,", "/a ix,", "both", "runs /a with ix instead of Px"],
    ["/a ix,", "/a Px -> b,", "both", "runs /a with Px -> b instead of ix"],
    ["change_profile /a -> b,", "change_profile unsafe /a -> b,", "both", "changes to profile b at the exec of /a unsafe instead of safe"],
    ["link /a -> /b,", "link subset /a -> /b,", "both", "links /a to /b only if that grants no less"],
    ["mqueue r type=sysv,", "", "tighter", "denies read on sysv message queue 1"],
    // the shortest would be /x//, which is no path
    ["", "/x[^-a-zA-Z0-9_.]**/ r,", "wider", "allows r on /x/a/"],
    // here there is no other
    ["/a/{,**} r,", "/a/{,[^/]**} r,", "both", "denies r on /a//"],
    ["capability,", "capability net_admin,", "tighter"],
    ["network,", "network inet, network inet6,", "tighter"],
    ["mount options=(ro) /a -> /b,", "mount options in (ro) /a -> /b,", "wider", "allows mount of /a on /b as a"],
    ["signal,", "signal (send),", "tighter"],
    ["set rlimit nofile <= 10,", "set rlimit nofile <= 20,", "wider", "allows a limit of 20 for nofile"],
    ["set rlimit cpu <= 1 week,", "set rlimit cpu <= 7 days,", "equal"],
    ["", "all,", "wider"],
  ];
  for (const [a, b, relation, message] of cases) {
    it(`${a} and ${b}: ${relation}${message ? ` (${message})` : ""}`, () => {
      const comparison = compare(policy(a), policy(b));
      expect(comparison.relation).to.equal(relation);
      if (message) expect(comparison.witnesses.map((witness) => witness.message)).to.include(message);
      expect(comparison.witnesses.length === 0).to.equal(relation === "equal");
    });
  }
  it("says which rules are behind a difference", () => {
    const [witness] = compare(policy("/a r, /b w,"), policy("/a r, /b w, deny /b w,")).witnesses;
    expect(witness!.a.map(({ rule }) => rule.span!.start)).to.deep.equal([12]);
    expect(witness!.b.map(({ rule }) => rule.qualifiers.mode)).to.deep.equal([undefined, "deny"]);
  });
  it("gives a witness for each rule that is new, up to twenty", () => {
    const rules = (count: number): string => Array.from({ length: count }, (_, index) => `/f${index} r,`).join(" ");
    expect(compare(policy(""), policy(rules(5))).witnesses).to.have.lengthOf(5);
    expect(compare(policy(""), policy(rules(50))).witnesses).to.have.lengthOf(20);
  });
  const complaining: [a: string, b: string, relation: Relation, message?: string][] = [
    ["/a r,", "/a r, audit deny /b w,", "equal"],
    ["/a r,", "/a r, deny /b w,", "tighter", "denies w on /b"],
    ["/b w,", "/b w, audit deny /b w,", "both", "logs otherwise: w on /b"],
    ["deny /b w,", "audit deny /b w,", "wider", "allows w on /b"],
    // both are allowed and logged, but only the second takes what is silenced along: audit /b r, deny /b w
    ["audit /b r,", "", "both", "logs otherwise: r on /b"],
    ["deny /b x,", "audit deny /b x,", "both", "logs otherwise: x on /b"],
  ];
  for (const [a, b, relation, message] of complaining) {
    it(`complain mode: ${a} and ${b || "nothing"}: ${relation}`, () => {
      const comparison = compare(policy(a, "flags=(complain)"), policy(b, "flags=(complain)"));
      expect(comparison.relation).to.equal(relation);
      if (message) expect(comparison.witnesses.map((witness) => witness.message)).to.include(message);
    });
  }
  it("complain mode allows, and logs", () => {
    expect(compare(policy("/a r,"), policy("/a r,", "flags=(complain)")).classes.file).to.equal("wider");
    expect(compare(policy("/a r,", "flags=(unconfined)"), policy("/a r,")).classes.file).to.equal("tighter");
  });
});

describe("compareFiles", () => {
  const cases: [a: string, b: string, relation: Relation, what?: string][] = [
    ["profile a { /x r, }", "profile a { /x r, } # comment\n", "equal"],
    ["profile a { }", "profile b { }", "both", "a removed"],
    ["profile a { }", "profile a { hat h { } }", "both", "a//h added"],
    ["profile a { hat h { /x r, } }", "profile a { hat h { } }", "tighter", "a//h changed"],
    ["profile a /bin/{x,y} { }", "profile a /bin/{y,x} { }", "equal"],
    ["profile a /bin/x { }", "profile a /bin/y { }", "both", "a changed attachment"],
    ["profile a flags=(attach_disconnected,mediate_deleted) { }", "profile a flags=(mediate_deleted,attach_disconnected) { }", "equal"],
    ["profile a flags=(attach_disconnected) { }", "profile a { }", "both", "a changed flags"],
    ["profile a flags=(complain) { }", "profile a { }", "both", "a changed mode"],
    ["/t { pivot_root /a -> x, }", "/t { pivot_root /a, }", "both", "/t changed pivot_root"],
  ];
  for (const [a, b, relation, what] of cases) {
    it(`${a} and ${b}: ${relation}`, () => {
      const comparison = compareFiles(file(a), file(b));
      const said = comparison.profiles
        .filter(({ change }) => change !== "equal")
        .map(({ name, change, attributes }) => [name, change, ...attributes.map(({ attribute }) => attribute)].join(" "));
      expect(comparison.relation).to.equal(relation);
      if (what) expect(said).to.include(what);
    });
  }
});

describe("exec conflicts", () => {
  const cases: [rules: string, reason: string | undefined][] = [
    ["/a ix, /a Px,", "ix and Px"],
    ["/* ix, /a* Px,", "ix and Px"],
    ["/* ix, /a Px,", undefined],
    ["/{a,b} ix, /[ac] Px,", "ix and Px"],
    ["/a Px, /a px,", "Px and px"],
    ["/a Px -> x, /a Px -> y,", "Px -> x and Px -> y"],
    ["/a Px -> x, /a Px -> x,", undefined],
    ["owner /a ix, other /a Px,", undefined],
    ["/* ix, priority=1 /a* Px,", undefined],
    ["/a/* ix, /b/* Px,", undefined],
    ["change_profile /a -> x, change_profile unsafe /a -> x,", "safe and unsafe"],
  ];
  for (const [rules, reason] of cases)
    it(`${rules} ${reason ?? "none"}`, () =>
      expect(execConflicts(policy(rules)).map((conflict) => conflict.reason)).to.deep.equal(reason ? [reason] : []));
});

describe("redundant denies", () => {
  const cases: [rules: string, redundant: [rule: string, unallowed: boolean, ...by: string[]][], flags?: string][] = [
    ["audit deny /a w,", [["audit deny /a w,", true]]],
    ["audit deny /a w,", [["audit deny /a w,", true]], "flags=(complain)"],
    ["deny /a w,", []],
    ["deny /a w,", [], "flags=(complain)"],
    // the smaller by the larger, the larger by nothing
    ["audit deny /a/** w, audit deny /a/b w,", [["audit deny /a/** w,", true], ["audit deny /a/b w,", false, "audit deny /a/** w,"]]],
    ["audit deny /a w, audit deny /a w,", [["audit deny /a w,", true], ["audit deny /a w,", false, "audit deny /a w,"]]],
    ["/a w, audit deny /a w,", [["/a w,", false, "audit deny /a w,"]]],
    ["audit deny /a w, /a w,", [["/a w,", false, "audit deny /a w,"]]],
    ["audit deny /a w, deny /a w,", [["audit deny /a w,", false, "deny /a w,"]]],
    // where they meet, the other one is no reason
    ["/s w, audit deny /{,**/}s w, audit deny /m/** w,", [["/s w,", false, "audit deny /{,**/}s w,"], ["audit deny /m/** w,", true]]],
    // but it is where something is allowed
    ["/m/s w, audit deny /m/s w, audit deny /m/** w,", [["/m/s w,", false, "audit deny /m/s w,"], ["audit deny /m/** w,", true, "audit deny /m/s w,"]]],
    ["priority=1 /a w, deny /a w,", [["deny /a w,", false, "priority=1 /a w,"]]],
    ["priority=1 audit deny /a w, /a w,", [["/a w,", false, "priority=1 audit deny /a w,"]]],
  ];
  for (const [rules, redundant, flags] of cases) {
    it(`${flags ?? ""} ${rules}`, () => {
      const text = ({ rule, document }: { rule: { span?: { start: number; end: number } }; document: { text: string } }): string =>
        document.text.slice(rule.span!.start, rule.span!.end);
      const found = redundantRules(policy(rules, flags)).map(({ rule, unallowed, by }) => [text(rule), unallowed, ...by.map(text)]);
      expect(found).to.deep.equal(redundant);
    });
  }
});

describe("redundant rules", () => {
  const cases: [rules: string, redundant: string[], by?: string][] = [
    ["/a r, /** r,", ["/a r,"], "/** r,"],
    ["/a r, /a r,", ["/a r,"]],
    ["/a r, audit /a r,", ["/a r,"]],
    ["/a r, /a w,", []],
    ["owner /a r, /a r,", ["owner /a r,"]],
    ["/a r, deny /a r,", ["/a r,"]],
    ["/a r, deny /b r,", []],
    ["/ab r, /a* r, /*b r,", ["/ab r,"]],
    ["file, /a rw, deny /b w,", ["/a rw,"], "file,"],
    ["capability, capability chown,", ["capability chown,"]],
    ["network, network inet stream,", ["network inet stream,"]],
    ["/a Px, /* ix,", []],
    ["set rlimit nofile <= 1, set rlimit nofile <= 2,", ["set rlimit nofile <= 1,"]],
  ];
  for (const [rules, redundant, by] of cases) {
    it(`${rules} → ${redundant.join(" ") || "none"}`, () => {
      const found = redundantRules(policy(rules));
      const text = ({ rule, document }: (typeof found)[number]["rule"]): string => document.text.slice(rule.span!.start, rule.span!.end);
      expect(found.map(({ rule }) => text(rule))).to.deep.equal(redundant);
      if (by) expect(found[0]!.by.map(text)).to.deep.equal([by]);
    });
  }
});

describe("overlap and exception", () => {
  const profile = policy("/proc/** r, /proc/sys/** w, deny /proc/sys/kernel/** w, owner /home/** rw, change_profile -> lxc-*,");
  it("a path that may be written", () =>
    expect(overlap(profile, "file", "w", "/proc/sys/**")?.access).to.deep.include({ class: "file", permissions: "w" }));
  it("none, after denies", () => expect(overlap(profile, "file", "w", "/proc/sys/kernel/core_pattern")).to.be.undefined);
  it("a profile that may be changed to", () =>
    expect(overlap(profile, "change_profile", "", "{unconfined,lxc-[0-9]*}")?.access).to.deep.include({
      class: "change_profile",
      target: "lxc-0",
    }));
  it("none that may", () => expect(overlap(profile, "change_profile", "", "unconfined")).to.be.undefined);
  it("everything is allowed", () => expect(exception(profile, "file", "r", "/proc/sys/**")).to.be.undefined);
  it("not everything is", () =>
    expect(exception(profile, "file", "w", "/proc/sys/**")?.access).to.deep.include({ path: "/proc/sys/kernel/a" }));
});

describe("the compiler's own pairs", () => {
  const pairs = join(__dirname, "../../../../shared/corpus/apparmor/equality-pairs.jsonl.gz");
  it("no pair is called equal that is not, and at least 99 % of the equal ones are recognised", function () {
    if (!existsSync(pairs)) return this.skip();
    this.timeout(120_000);
    const rows = gunzipSync(readFileSync(pairs))
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { a: string; b: string; equal: boolean });
    const results = rows.map(({ a, b, equal }) => ({ a, b, equal, said: compareFiles(file(a), file(b)).relation === "equal" }));
    expect(results.filter(({ equal, said }) => said && !equal)).to.deep.equal([]);
    const same = results.filter(({ equal }) => equal);
    expect(same.filter(({ said }) => said).length / same.length).to.be.at.least(0.99);
  });
});
