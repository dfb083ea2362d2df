import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { check } from "../../../provider/apparmor/check/index.js";
import { applyEdits, findings, lint, type Finding, type LintOptions } from "../../../provider/apparmor/lint/index.js";
import { compare, policyOf } from "../../../provider/apparmor/policy/index.js";
import { includesFrom } from "../../../provider/apparmor/resolve/index.js";
import { base } from "./base.js";
import { cases } from "./cases.js";

const include = includesFrom({ "abstractions/lxc/container-base": base, "abstractions/wide": "file,\nnetwork,\n" });
const docs = join(__dirname, "../../../docs/findings");

function run(text: string, options?: LintOptions): { found: Finding[]; errors: string[]; policy: ReturnType<typeof policyOf>[] } {
  const { resolved, diagnostics } = check(text, { file: "main", include });
  const all = resolved.profiles.flatMap((profile) => [profile, ...profile.children]);
  return {
    found: lint(resolved, options),
    errors: diagnostics.map(({ message }) => message),
    policy: all.map((profile) => policyOf(profile)),
  };
}

describe("apparmor/lint", () => {
  for (const { code, text, line, severity, fine, options } of cases) {
    it(`${code}: ${text.replace(/\s+/g, " ")}`, () => {
      const { found, errors } = run(text, options);
      expect(errors).to.deep.equal([]);
      const hits = found.filter((finding) => finding.code === code);
      expect(
        hits.map((finding) => finding.line),
        JSON.stringify(found.map((finding) => finding.code)),
      ).to.deep.equal([line]);
      if (severity) expect(hits[0]!.severity).to.equal(severity);
      expect(hits[0]!.docs).to.equal(`docs/findings/${code}.md`);
    });
    if (fine !== undefined)
      it(`  not ${code}: ${fine.replace(/\s+/g, " ")}`, () => {
        const { found, errors } = run(fine, options);
        expect(errors).to.deep.equal([]);
        expect(found.map((finding) => finding.code)).not.to.include(code);
      });
  }

  it("has a case for every code", () => expect([...new Set(cases.map(({ code }) => code))]).to.have.members(Object.keys(findings)));

  it("has a page for every code, and no other", () => {
    expect(readdirSync(docs).sort()).to.deep.equal([...Object.keys(findings).map((code) => `${code}.md`), "README.md"].sort());
    const index = readFileSync(join(docs, "README.md"), "utf8");
    for (const code of Object.keys(findings)) {
      const page = readFileSync(join(docs, `${code}.md`), "utf8");
      for (const part of [`# ${code}`, "## Wrong", "## Right", "## Why", "## Exceptions"]) expect(page, code).to.include(part);
      expect(index).to.include(`[${code}](${code}.md)`);
      expect(existsSync(join(docs, `${code}.md`))).to.equal(true);
    }
  });
});

describe("apparmor/lint: fixes", () => {
  const fixed = cases.flatMap(({ text, code, options }) =>
    run(text, options)
      .found.filter((finding) => finding.code === code && finding.fix)
      .map((finding) => ({ text, options, finding })),
  );

  it("come with most codes", () => expect(new Set(fixed.map(({ finding }) => finding.code)).size).to.be.greaterThan(14));

  for (const { text, options, finding } of fixed)
    it(`${finding.code}: ${finding.fix!.title} (${text.replace(/\s+/g, " ")})`, () => {
      const result = applyEdits(text, finding.fix!.edits, "main");
      expect(result).not.to.equal(text);
      const after = run(result, options);
      expect(after.errors, result).to.deep.equal([]);
      const same = after.found.filter(({ code, message }) => code === finding.code && message === finding.message);
      expect(same, result).to.deep.equal([]);
      if (!finding.fix!.safe) return;
      const before = run(text, options).policy;
      before.forEach((policy, at) => expect(compare(policy, after.policy[at]!).relation).to.equal("equal"));
    });

  it("that are safe may be made together", () => {
    const text = "profile x {\n  /etc/** r, # all\n  /etc/a r,\n  /etc/a r,\n  # kept\n  /etc/b r, /etc/c r,\n}\n";
    const { found, policy } = run(text);
    const result = applyEdits(
      text,
      found.flatMap(({ fix }) => (fix?.safe ? fix.edits : [])),
      "main",
    );
    expect(result).to.equal("profile x {\n  /etc/** r, # all\n  # kept\n   \n}\n");
    expect(compare(policy[0]!, run(result).policy[0]!).relation).to.equal("equal");
  });
});

describe("apparmor/lint: messages", () => {
  const cases: [text: string, code: string, says: string][] = [
    ["profile x { audit deny /b w, }", "redundant-rule", "nothing allows this anyway: without the rule it is denied and logged too"],
    ["profile x {\n  deny /b/** w,\n  deny /b/c w,\n}", "redundant-rule", "deny /b/** (line 2) says all that this rule does"],
    [
      "profile x {\n  priority=1 /b w,\n  deny /b w,\n}",
      "redundant-rule",
      "/b (line 2) decides wherever this rule would, by priority",
    ],
    [
      "profile x flags=(complain) {\n  deny /b w,\n  deny /c w,\n}",
      "deny-in-complain",
      "deny rules are enforced in complain mode too, without a word in the log (the same holds for line 3)",
    ],
    [
      "profile x flags=(complain) { audit deny /b w, }",
      "deny-in-complain",
      "audit deny stops nothing in complain mode: what it names happens, and is logged",
    ],
    [
      "profile x flags=(complain, audit) { deny /b w, }",
      "deny-in-complain",
      "the flag audit makes",
    ],
    [
      "profile x flags=(complain) { deny /b x, }",
      "deny-in-complain",
      "deny x stops no program in complain mode: it runs in a profile made for learning, and is not logged",
    ],
  ];
  for (const [text, code, says] of cases)
    it(`${text.replace(/\s+/g, " ")}: ${says}`, () =>
      expect(run(text).found.flatMap((finding) => (finding.code === code ? finding.message : []))[0]).to.contain(says));

  it("no deletion of a guard is made unseen", () => {
    const [guard] = run("profile x { audit deny /b w, }").found.filter(({ code }) => code === "redundant-rule");
    expect(guard!.fix!.safe).to.equal(false);
  });
});

describe("apparmor/lint: what it leaves alone", () => {
  it("profiles of included files, and rules of includes", () => {
    const files = includesFrom({ other: "profile y { capability sys_module, }\n", rules: "/a r,\n/a r,\nnetwork packet,\n" });
    const { resolved } = check("include <other>\nprofile x { include <rules> }\n", { file: "main", include: files });
    expect(lint(resolved)).to.deep.equal([]);
  });

  it("says what it can of a text with errors", () => {
    const { resolved } = check("profile x {\n  /@{A} r,\n  /a{b r,\n  capability sys_module,\n  /b r\n}\n", { file: "main" });
    expect(lint(resolved).map(({ code }) => code)).to.include("dangerous-capability");
  });

  it("says of missing includes only what they can't change", () => {
    const { resolved } = check("profile lxc-x { include <abstractions/lxc/container-base> }", { file: "main" });
    expect(lint(resolved)).to.deep.equal([]);
  });
});
