import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { check } from "../../../provider/apparmor/check/index.js";
import { applyEdits, lint } from "../../../provider/apparmor/lint/index.js";
import { deletion } from "../../../provider/apparmor/lint/edits.js";
import type { Includes, ResolvedProfile, ResolvedRule } from "../../../provider/apparmor/resolve/index.js";
import { isSkipped } from "../../../provider/apparmor/skipped.js";
import { compilerFor, type Compiler } from "../../support/compilers.js";

/** Rules that are deleted one by one; all of Debian's with PVE_POSTURE_FUZZ, which takes minutes. */
const trials = process.env.PVE_POSTURE_FUZZ ? Infinity : 60;

/** The findings that call a rule redundant. */
const codes: ReadonlySet<string> = new Set(["redundant-rule", "no-op-allow", "shadowed-rule"]);

const includesBelow =
  (root: string): Includes =>
  (path) => {
    const at = path.startsWith("/") ? path : join(root, path);
    if (!existsSync(at)) return undefined;
    const read = (name: string, full: string): { file: string; text: string } => ({ file: name, text: readFileSync(full, "utf8") });
    if (statSync(at).isFile()) return read(path, at);
    return readdirSync(at)
      .sort()
      .filter((name) => !isSkipped(name) && statSync(join(at, name)).isFile())
      .map((name) => read(join(path, name), join(at, name)));
  };

/** The single-line rules of a file's own text, in profiles where they count. */
function ownRules(profiles: readonly ResolvedProfile[]): ResolvedRule[] {
  return profiles.flatMap(({ profile, rules, children }) => [
    ...(profile.flags.some(({ value }) => value === "unconfined")
      ? []
      : rules.filter(
          ({ via, document, rule: { span } }) => via.length === 0 && span && !document.text.slice(span.start, span.end).includes("\n"),
        )),
    ...ownRules(children),
  ]);
}

describe("apparmor/lint: redundant rules of Debian's profiles", function () {
  this.timeout(900_000);
  let compiler: Compiler;
  before(function () {
    compiler = compilerFor("4.1", this);
  });

  it("can be deleted, and are found", async () => {
    const unsafe: string[] = [];
    const missed: string[] = [];
    let proved = 0;
    let left = trials;
    const names = readdirSync(compiler.profiles).filter((name) => !isSkipped(name) && statSync(join(compiler.profiles, name)).isFile());
    const bySize = names.sort((a, b) => statSync(join(compiler.profiles, a)).size - statSync(join(compiler.profiles, b)).size);
    for (const name of bySize) {
      const text = readFileSync(join(compiler.profiles, name), "utf8");
      const { resolved } = check(text, { file: name, include: includesBelow(compiler.profiles) });
      const rules = ownRules(resolved.profiles);
      const deletions = lint(resolved).filter(({ code, fix }) => codes.has(code) && fix);
      const claimed = new Set(deletions.map(({ span }) => span.start));
      // every claim is tried, and as many of the others as there is time for
      const tried = rules.filter(({ rule }) => claimed.has(rule.span!.start) || left-- > 0);
      if (tried.length === 0) continue;
      const [first, again] = await Promise.all([compiler.policy(text), compiler.policy(text)]);
      // Some profiles compile to other bytes each time, and some lack a file that only an installation makes.
      if (first === undefined || first !== again) continue;
      await Promise.all(
        tried.map(async ({ rule, document }) => {
          const same = (await compiler.policy(applyEdits(text, [deletion(document, rule.span!)], name))) === first;
          const shown = `${name}: ${text.slice(rule.span!.start, rule.span!.end)}`;
          if (same) proved++;
          if (same && !claimed.has(rule.span!.start)) missed.push(shown);
          if (!same && claimed.has(rule.span!.start)) unsafe.push(shown);
        }),
      );
      if (claimed.size > 0)
        expect(
          await compiler.policy(
            applyEdits(
              text,
              deletions.flatMap(({ fix }) => fix!.edits),
              name,
            ),
          ),
          name,
        ).to.equal(first);
    }
    expect(unsafe).to.deep.equal([]);
    expect(proved).to.be.greaterThan(20);
    expect(missed.length, missed.join("\n")).to.be.at.most(proved * 0.05);
  });
});
