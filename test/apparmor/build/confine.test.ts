import { expect } from "chai";
import fc from "fast-check";
import { confine, file, literal, profile, toText, unlisted, type Listed } from "../../../provider/apparmor/build/index.js";
import type { FileRule } from "../../../provider/apparmor/ast.js";
import { decide, policyOf } from "../../../provider/apparmor/policy/index.js";
import { resolve } from "../../../provider/apparmor/resolve/index.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";

/** Which of `rwlkmx` a name under /srv gets, and whether a denial is logged. */
function decider(rules: readonly FileRule[]) {
  const resolved = resolve(parse(toText(profile("x", [file(), ...rules]))));
  const policy = policyOf(resolved.profiles[0]!);
  return (name: string) => {
    const decisions = [..."rwlkmx"].map((permissions) => ({ permissions, ...decide(policy, { class: "file", path: `/srv/${name}`, permissions }) }));
    return {
      allowed: decisions.filter(({ allowed }) => allowed).map(({ permissions }) => permissions).join(""),
      logged: decisions.every(({ allowed, audited }) => audited === !allowed),
    };
  };
}

const tail = /(?<=^|\/)\*\*?$/;

/** Without `**` or `*` at the end, and without escapes. */
const baseOf = (path: string) => path.replace(tail, "").replace(/\\(.)/g, "$1");

/** What the documentation says, without any glob. */
function expected(listed: readonly Listed[], name: string): string {
  const granted = new Set<string>();
  for (const { path, permissions } of listed) {
    const base = baseOf(path);
    const rest = name.startsWith(base) ? name.slice(base.length) : undefined;
    const matches = /(?:^|\/)\*\*$/.test(path) ? Boolean(rest) : tail.test(path) ? Boolean(rest) && !rest!.includes("/") : name === base || name === `${base}/`;
    if (matches) for (const letter of permissions.replace("x", "mx")) granted.add(letter);
    const way = name.endsWith("/") && base.startsWith(name) && (base !== name || tail.test(path));
    if (way) for (const letter of "rmx") granted.add(letter);
  }
  if (name === "") for (const letter of "rmx") granted.add(letter);
  return [..."rwlkmx"].filter((letter) => granted.has(letter)).join("");
}

const part = fc.string({ unit: fc.constantFrom(..."abé-*[]^{,\\ ü."), minLength: 1, maxLength: 3 }).filter((text) => !/^\.\.?$/.test(text));
const listed = fc.array(
  fc.record({
    path: fc.tuple(fc.array(part, { minLength: 1, maxLength: 2 }), fc.constantFrom("", "/", "/*", "/**")).map(([parts, end]) => literal(parts.join("/")) + end),
    permissions: fc.subarray([..."rwlkmx"], { minLength: 1 }).map((letters) => letters.join("")),
  }),
  { maxLength: 3 },
);
const runs = { numRuns: Number(process.env["PVE_POSTURE_FUZZ"] ?? 150) };

/** Names near the listed ones, and some that are not. */
const near = (of: readonly Listed[]) =>
  fc
    .tuple(fc.constantFrom("", ...of.map(({ path }) => baseOf(path))), fc.nat(8), fc.constantFrom("", "a", "é", "b/", "/", "a/b", "-", "^]"))
    .map(([base, cut, more]) => (base.slice(0, Math.max(0, base.length - (cut > 4 ? 0 : cut))) + more).replace(/\/+/g, "/").replace(/^\//, ""))
    .filter((name) => name.split("/").every((each) => each !== "." && each !== ".."));

describe("confine", () => {
  it("writes the complement of what is listed", () => {
    expect(confine("/mnt/s", [{ path: "ab/**", permissions: "rwk" }, { path: "c", permissions: "r" }]).map(({ path, permissions, exec }) => `${path!.value} ${permissions}${exec ?? ""}`)).to.deep.equal([
      "/mnt/s/{,ab/,c,c/} wlk",
      "/mnt/s/{[^ac]**,a,a[^b]**,ab,ab[^/]**,c[^/]**,c/[^/]**} rwlkmx",
      "/mnt/s/{ab/[^/]**,c,c/} lmx",
    ]);
    expect(unlisted(["models", "models/**"]).join(" ")).to.equal(
      "[^m]** m m[^o]** mo mo[^d]** mod mod[^e]** mode mode[^l]** model model[^s]** models[^/]**",
    );
  });

  it("denies, and logs, exactly what is not listed", () => {
    fc.assert(
      fc.property(
        listed.chain((list) => fc.tuple(fc.constant(list), fc.array(near(list), { minLength: 5, maxLength: 20 }))),
        ([list, names]) => {
          const decision = decider(confine("/srv", list));
          for (const name of names) {
            const { allowed, logged } = decision(name);
            expect(allowed, `${JSON.stringify(name)} with ${JSON.stringify(list)}`).to.equal(expected(list, name));
            expect(logged, name).to.equal(true);
          }
        },
      ),
      runs,
    );
  });

  it("has no rule and no glob that can be left out", () => {
    fc.assert(
      fc.property(listed.filter((list) => list.every(({ path }) => !/[éü]/.test(path))), (list) => {
        const rules = confine("/srv", list);
        const all = rules.map(({ path, permissions, exec }) => ({ globs: alternatives(path!.value), permissions: permissions + (exec ?? "") }));
        for (const [at, { globs, permissions }] of all.entries()) {
          for (const glob of globs) {
            const sample = sampleOf(glob);
            const others = all.flatMap((rule, index) => rule.globs.filter((other) => index !== at || other !== glob).map((other) => ({ kind: "file" as const, qualifiers: { mode: "deny" as const }, path: { value: `/srv/${other}` }, ...split(rule.permissions) })));
            const without = decider(others)(sample).allowed;
            expect([...permissions].some((letter) => without.includes(letter)), `${glob} of ${JSON.stringify(list)}`).to.equal(true);
          }
        }
      }),
      { numRuns: Math.min(runs.numRuns, 30) },
    );
  });

  it("refuses what it can't complement, and says what", () => {
    const refused = (path: string, permissions = "r") => () => confine("/srv", [{ path, permissions }]);
    expect(refused("a*")).to.throw('confine(/srv): "a*": can\'t be complemented');
    expect(refused("a/*/b")).to.throw("can't be complemented");
    expect(refused("@{HOME}/x")).to.throw("can't be complemented");
    expect(refused("/a")).to.throw("must be relative");
    expect(refused("../a")).to.throw("must not contain");
    expect(refused("a", "ra")).to.throw("a can't be listed without w");
    expect(() => confine("/srv/", [])).to.throw("must not end with a slash");
    expect(refused("x".repeat(1001))).to.throw("1 to 1000 characters");
  });
});

function split(text: string): { permissions: string; exec?: "x" } {
  return { permissions: text.replace("x", ""), ...(text.includes("x") && { exec: "x" as const }) };
}

/** The globs of `/srv/{a,b}`, braces within them kept; of `/srv/{a,b}/c` the whole. */
function alternatives(value: string): string[] {
  const names = value.slice("/srv/".length);
  const found = [""];
  let depth = 0;
  for (let at = 0; at < names.length; at++) {
    // a comma within brackets separates nothing
    const whole = /^\[\^(?:\\.|[^\]\\])*\]/s.exec(names.slice(at))?.[0];
    if (whole !== undefined && depth > 0) {
      found[found.length - 1] += whole;
      at += whole.length - 1;
      continue;
    }
    const char = names[at]!;
    const escaped = char === "\\" ? names[++at]! : "";
    if (char === "{") depth++;
    if (char === "}" && --depth === 0 && at < names.length - 1) return [names];
    if (depth === 0 && char !== "}") return [names];
    if (char === "," && depth === 1) found.push("");
    else if (!(char === "{" && depth === 1 && at === 0) && !(char === "}" && depth === 0)) found[found.length - 1] += char + escaped;
  }
  return found;
}

/** A name that a glob of confine matches: `Z` is in no listed name. */
function sampleOf(glob: string): string {
  return Buffer.from(
    glob
      .replace(/\{,\*\*\}/g, "Z")
      .replace(/\{,(\[\^(?:\\.|[^\]\\])*\]\*)\}/g, "$1")
      // what is escaped begins no class
      .replace(/(\\[0-7]{3}|\\.)|\[\^(?:\\[0-7]{3}|\\.|[^\]\\])*\]\*{1,2}/gs, (_, escaped?: string) => escaped ?? "Z")
      .replace(/\\([0-7]{3})/g, "Z")
      .replace(/\\(.)/gs, "$1"),
  ).toString();
}
