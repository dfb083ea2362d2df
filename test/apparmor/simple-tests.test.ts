import { existsSync, readFileSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import { check } from "../../provider/apparmor/check/index.js";
import { includesFrom } from "../../provider/apparmor/resolve/index.js";

const corpus = resolvePath(__dirname, "../../../shared/corpus/apparmor");
const file = (name: string): string => resolvePath(corpus, name);

interface Case {
  path: string;
  expected: "PASS" | "FAIL";
  text: string;
}

/** Cases that come out otherwise than with apparmor_parser 4.1.0, and why. */
const known: Record<string, string> = {};

describe("apparmor: the parser tests of AppArmor 4.1.0", () => {
  const wrong: string[] = [];
  let cases: Case[] = [];

  before(function () {
    if (!existsSync(file("simple-tests.jsonl.gz"))) return this.skip();
    this.timeout(300_000);
    const includes = existsSync(file("simple-tests-includes.json"))
      ? (JSON.parse(readFileSync(file("simple-tests-includes.json"), "utf8")) as Record<string, string>)
      : {};
    const include = includesFrom(includes);
    cases = gunzipSync(readFileSync(file("simple-tests.jsonl.gz")))
      .toString()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Case);
    for (const { path, expected, text } of cases) {
      const refused = check(text, { file: path, include }).diagnostics.some(({ severity }) => severity === "error");
      if (refused !== (expected === "FAIL")) wrong.push(path);
    }
  });

  it("accepts and refuses what the compiler does, or says why not", () => expect(wrong).to.deep.equal(Object.keys(known)));

  it("agrees with 99.5 % of all and of the handwritten", () => {
    const isHandwritten = (path: string): boolean => !path.includes("generated_");
    const handwritten = cases.filter(({ path }) => isHandwritten(path)).length;
    expect(wrong.length / cases.length).to.be.lessThan(0.005);
    expect(wrong.filter(isHandwritten).length / handwritten).to.be.lessThan(0.005);
  });

  it("has read them all", () => expect(cases.length).to.be.greaterThan(50_000));
});
