import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { folder, jsonl, pvePosture, shellCommand } from "./cli.js";

const corpus = "../shared/corpus/apparmor";
const lines = (objects: unknown[]) => objects.map((object) => `${JSON.stringify(object)}\n`).join("");

describe("pve-posture profile check --jsonl", () => {
  const check = (input: string, ...args: string[]) => pvePosture(["profile", "check", "--jsonl", "--no-findings", ...args], { input });

  it("answers each line in order, and goes on after one that is none", async () => {
    const good = { path: "good", text: "profile a { }" };
    const { code, stdout, stderr } = await check(
      `${lines([good, { path: "bad", text: "profile a {" }])}nonsense\n\n${lines([{ path: 1, text: "" }, { path: "x" }, good])}`,
    );
    expect(stderr).to.equal("");
    const [first, second, third, fourth, fifth, last] = jsonl(stdout);
    expect(first).to.deep.equal({ file: "good", valid: true, errors: [], findings: [] });
    expect(second).to.deep.include({ file: "bad", valid: false });
    expect(third).to.have.property("line", 3);
    expect(third.error).to.match(/^not JSON/);
    expect(fourth).to.deep.equal({ error: '"path" must be a text', line: 5 });
    expect(fifth).to.deep.equal({ error: '"text" is missing: expected {"path": "…", "text": "…"}', line: 6 });
    expect(last).to.deep.equal(first);
    expect(code).to.equal(2);
  });

  it("exits with 0 and 1, too", async () => {
    expect((await check(lines([{ path: "a", text: "profile a { }" }]))).code).to.equal(0);
    const { code, stdout } = await pvePosture(["profile", "check", "--jsonl"], {
      input: lines([{ path: "a", text: "profile lxc-a { capability sys_module, }" }]),
    });
    expect(code).to.equal(1);
    expect(jsonl(stdout)[0].findings).not.to.deep.equal([]);
  });

  it("takes includes from a table", async () => {
    const place = folder({ "includes.json": JSON.stringify({ "parts/rules": "/a r,\n" }) });
    try {
      const text = (include: string) => ({ path: include, text: `profile a { include ${include} }` });
      const { stdout } = await check(
        lines([text("<parts/rules>"), text('"tests/parts/rules"'), text("<parts>"), text("<none>")]),
        "--includes",
        `${place.path}/includes.json`,
      );
      expect(jsonl(stdout).map(({ valid }) => valid)).to.deep.equal([true, true, true, false]);
    } finally {
      place.remove();
    }
  });

  it("answers 10,000 lines from one process", async () => {
    const texts = Array.from({ length: 10_000 }, (_, at) => ({
      path: `p${at}`,
      text: at % 7 === 0 ? "profile a {" : `profile a { /x${at} r, }`,
    }));
    const answers = jsonl((await check(lines(texts))).stdout);
    expect(answers.map(({ file }) => file)).to.deep.equal(texts.map(({ path }) => path));
    expect(answers.every(({ valid }, at) => valid === (at % 7 !== 0))).to.equal(true);
  });

  it("answers a line before the next one comes", async () => {
    const child = spawn("sh", ["-c", `exec ${shellCommand} profile check --jsonl --no-findings`], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    for (const path of ["first", "second"]) {
      child.stdin.write(lines([{ path, text: "profile a { }" }]));
      const [answer] = (await once(child.stdout, "data")) as [Buffer];
      expect(JSON.parse(answer.toString())).to.have.property("file", path);
    }
    child.stdin.end();
    expect((await once(child, "close"))[0]).to.equal(0);
  });

  it("ends quietly when nobody reads on", async () => {
    const many = lines(Array.from({ length: 20_000 }, () => ({ path: "p", text: "profile a {" })));
    const child = spawn("sh", ["-c", `${shellCommand} profile check --jsonl | head -n 1`]);
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.stdin.on("error", () => {});
    child.stdin.end(many);
    await once(child, "close");
    expect(stderr).to.equal("");
    expect(jsonl(stdout)).to.have.length(1);
  });

  it("agrees with the compiler on AppArmor's own cases", async function () {
    if (!existsSync(`${corpus}/simple-tests.jsonl.gz`)) return this.skip();
    // A tenth of them; test/apparmor has the rest.
    const cases = jsonl(gunzipSync(readFileSync(`${corpus}/simple-tests.jsonl.gz`)).toString()).filter((_, at) => at % 10 === 0);
    const { stdout } = await check(lines(cases), "--includes", `${corpus}/simple-tests-includes.json`);
    const answers = jsonl(stdout);
    expect(answers.map(({ file }) => file)).to.deep.equal(cases.map(({ path }) => path));
    const wrong = cases.filter(({ expected }, at) => answers[at].valid !== (expected === "PASS")).map(({ path }) => path);
    expect(wrong.length / cases.length, wrong.join(" ")).to.be.below(0.005);
  });
});

describe("pve-posture profile compare --jsonl", () => {
  it("answers each pair in order, and goes on after one that is invalid", async () => {
    const profile = (rules: string) => `profile a { ${rules} }`;
    const pairs = [
      { a: profile("/a r, /b w,"), b: profile("/b w,\n/a r,") },
      { a: profile("/a rw,"), b: profile("/a r,") },
      { a: profile("/a rw"), b: profile("/a r,") },
      { a: profile("/a r,") },
      { a: profile("/a r,"), b: profile("/* r,") },
    ];
    const { code, stdout } = await pvePosture(["profile", "compare", "--jsonl"], { input: lines(pairs) });
    const [equal, tighter, invalid, none, wider] = jsonl(stdout);
    expect(equal).to.deep.include({ relation: "equal", witnesses: [] });
    expect(tighter).to.deep.include({ relation: "tighter", classes: { file: "tighter" } });
    expect(tighter.witnesses[0]).to.deep.include({
      class: "file",
      change: "denies",
      access: { class: "file", path: "/a", permissions: "w" },
    });
    expect(invalid.error).to.match(/^a:1:\d+: /);
    expect(invalid.errors[0]).to.include({ file: "a", line: 1 });
    expect(none).to.deep.equal({ error: 'there are no texts "a" and "b"', line: 4 });
    expect(wider).to.have.property("relation", "wider");
    expect(code).to.equal(2);
  });

  it("exits with 0 and 1, too", async () => {
    const compare = async (a: string, b: string) =>
      (await pvePosture(["profile", "compare", "--jsonl"], { input: lines([{ a, b }]) })).code;
    expect(await compare("profile a { /a r, }", "profile a { /a r,\n}")).to.equal(0);
    expect(await compare("profile a { /a r, }", "profile a { }")).to.equal(1);
  });
});
