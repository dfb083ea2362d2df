import { expect } from "chai";
import { join } from "node:path";
import { forPeople } from "../../provider/cli/profile/reading.js";
import { folder, jsonl, pvePosture } from "./cli.js";

const fine = "profile lxc-fine {\n  /srv/app/* r,\n  deny /srv/app/secret rw,\n}\n";
const dangerous = "profile risky /usr/bin/risky {\n  capability sys_module,\n}\n";
const broken = "include <tunables/own>\nprofile lxc-broken {\n  /srv/x rw\n  capability chmown,\n}\n";

describe("pve-posture profile check", () => {
  const place = folder({
    fine,
    dangerous,
    broken,
    "broken.dpkg-old": broken,
    "includes/tunables/own": "@{OWN} = /own\n",
    "all/one": fine,
    "all/two": dangerous,
    "all/two~": broken,
    "all/abstractions/part": "/a r,\n",
    binary: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0]),
    latin: Buffer.from("# caf\xe9\n", "latin1"),
    "needs-own": "include <tunables/own>\nprofile lxc-own {\n  @{OWN}/x r,\n}\n",
    "includes.json": JSON.stringify({ "tunables/own": "@{OWN} = /own\n" }),
    "wrong.json": "[]",
  });
  after(place.remove);
  const check = (args: string[], input?: string | Buffer) => pvePosture(["profile", "check", ...args], { cwd: place.path, input });

  const exitCodes: [what: string, args: string[], code: number][] = [
    ["a profile with nothing to say of", ["--no-findings", "fine"], 0],
    ["findings", ["dangerous"], 1],
    ["findings that are not asked for", ["--no-findings", "dangerous"], 0],
    ["findings below the severity that matters", ["--fail-on", "error", "dangerous"], 0],
    ["an invalid profile", ["broken"], 2],
    ["an invalid profile among others", ["--no-findings", "fine", "broken"], 2],
    ["a file that is not there", ["nowhere"], 2],
    ["binary data", ["binary"], 2],
    ["no UTF-8", ["latin"], 2],
    ["an include that is not there", ["--no-findings", "--include-dir", "all", "needs-own"], 2],
    ["an include that is there", ["--no-findings", "--include-dir", "all", "--include-dir", "includes", "needs-own"], 0],
    ["an include in a table", ["--no-findings", "--includes", "includes.json", "needs-own"], 0],
  ];
  for (const [what, args, code] of exitCodes) {
    it(`exits with ${code} for ${what}`, async () => {
      const ended = await check(args);
      expect(ended.code, ended.stdout + ended.stderr).to.equal(code);
      expect(ended.stdout + ended.stderr).not.to.match(/^ +at /m);
    });
  }

  it("says what is wrong as a compiler does", async () => {
    const { stdout } = await check(["--no-findings", "--include-dir", "includes", "broken"]);
    const lines = stdout.split("\n");
    expect(lines[0]).to.match(/^broken:3:\d+: error [a-z-]+: .*,/);
    expect(lines[1]).to.equal("    3 |   /srv/x rw");
    expect(lines[2]).to.match(/^ {6}\| +\^+$/);
    expect(stdout).to.match(/^broken:4:\d+: error [a-z-]+: .*chmown/m);
    expect(lines.at(-2)).to.equal("1 file, 1 invalid: 2 errors");
  });

  it("has no colours but on a terminal", async () => {
    expect((await check(["broken"])).stdout).not.to.contain("\u001b[");
  });

  it("prints nothing of a text that would act on a terminal", async () => {
    const { code, stdout } = await check(["-"], "profile lxc-a {\n  /a\u001b]0;title\u0007 rq,\n}\n");
    expect(code).to.equal(2);
    expect(stdout).to.contain("/a\ufffd]0;title\ufffd").and.not.contain("\u001b");
  });

  it("--format json prints one object a file", async () => {
    const { stdout } = await check(["--format", "json", "--include-dir", "includes", "dangerous", "broken", "nowhere"]);
    const [risky, bad, missing] = jsonl(stdout);
    expect(risky).to.deep.include({ file: "dangerous", valid: true, errors: [] });
    expect(risky.findings.map(({ code }: { code: string }) => code)).to.include("dangerous-capability");
    const finding = risky.findings.find(({ code }: { code: string }) => code === "dangerous-capability");
    expect(finding).to.deep.include({
      file: "dangerous",
      line: 2,
      column: 14,
      endLine: 2,
      endColumn: 24,
      profile: "risky",
    });
    expect(finding.docs).to.equal("docs/findings/dangerous-capability.md");
    expect(bad).to.deep.include({ file: "broken", valid: false });
    expect(bad.errors.map(({ line }: { line: number }) => line)).to.deep.equal([3, 4]);
    expect(missing).to.deep.equal({
      file: "nowhere",
      valid: false,
      errors: [{ code: "unreadable", severity: "error", message: "no such file", file: "nowhere" }],
      findings: [],
    });
  });

  it("takes a directory as the profiles in it, and - as standard input", async () => {
    expect(jsonl((await check(["--format", "json", "all"])).stdout).map(({ file }) => file)).to.deep.equal(["all/one", "all/two"]);
    expect(jsonl((await check(["--format", "json", "-"], dangerous)).stdout)[0]).to.deep.include({
      file: "-",
      valid: true,
    });
  });

  it("says which files are no text", async () => {
    const { stdout } = await check(["binary", "latin"]);
    expect(stdout).to.contain("binary: error unreadable: binary data (a NUL byte at offset 4)");
    expect(stdout).to.contain("latin: error unreadable: not UTF-8 (line 1)");
  });

  it("--language says for which compiler", async () => {
    const later = "profile lxc-a {\n  userns create,\n}\n";
    expect((await check(["--no-findings", "-"], later)).code).to.equal(0);
    const { code, stdout } = await check(["--no-findings", "--language", "3.0", "-"], later);
    expect(code).to.equal(2);
    expect(stdout).to.match(/^-:2:\d+: error/);
  });

  const usage: [args: string[], said: RegExp][] = [
    [[], /missing argument 'file'/],
    [["--nonsense", "fine"], /unknown option '--nonsense'/],
    [["--format", "xml", "fine"], /Allowed choices are text, json, sarif/],
    [["--language", "2.0", "fine"], /Allowed choices are 3\.0, 4\.1, 5\.0/],
    [["--jsonl", "fine"], /takes no files/],
    [["--jsonl", "--format", "sarif"], /takes no --format sarif/],
    [["--share", "data", "fine"], /path as the container sees it, which begins with \//],
    [
      ["--ignore", "no-audti", "fine"],
      /there is no finding "no-audti": did you mean "no-audit"\?\nThere are: all-capabilities, .*whole-share-writable/,
    ],
    [["--fix", "-"], /can't write to standard input/],
    [["--fix", "--jsonl"], /--jsonl has none/],
    [["--fix", "--no-findings", "fine"], /looks for none/],
    [["--include-dir", "nowhere", "fine"], /--include-dir nowhere: no such directory/],
    [["--include-dir", "all", "--includes", "includes.json", "fine"], /cannot be used with/],
    [["--includes", "nowhere.json", "fine"], /nowhere\.json: no such file/],
    [["--includes", "broken", "fine"], /broken: not JSON/],
    [["--includes", "wrong.json", "fine"], /wrong\.json: not an object/],
  ];
  for (const [args, said] of usage) {
    it(`refuses: profile check ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await check(args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr)
        .to.match(said)
        .and.not.match(/^ +at /m);
    });
  }

  it("--help has examples and the exit codes", async () => {
    const { code, stdout } = await check(["--help"]);
    expect(code).to.equal(0);
    expect(stdout).to.contain("Examples:").and.contain("Exit codes: 0").and.contain("--include-dir");
  });

  it("--ignore leaves findings out, each of those named", async () => {
    const codes = async (...args: string[]) =>
      jsonl((await check(["--format", "json", ...args, "dangerous"])).stdout)[0].findings.map(({ code }: { code: string }) => code);
    const all = await codes();
    expect(all).to.include("dangerous-capability");
    expect(await codes("--ignore", "dangerous-capability", "--ignore", "no-audit")).to.deep.equal(
      all.filter((code: string) => !["dangerous-capability", "no-audit"].includes(code)),
    );
    expect((await check(["--ignore", "dangerous-capability", "--fail-on", "warning", "dangerous"])).code).to.equal(0);
  });

  it("--no-container takes no profile as that of a container", async () => {
    const codes = async (...args: string[]) =>
      jsonl((await check(["--format", "json", ...args, "fine"])).stdout)[0].findings.map(({ code }: { code: string }) => code);
    expect(await codes()).to.include("container-boot");
    expect(await codes("--no-container")).to.deep.equal([]);
    expect(await codes("--container")).to.include("container-boot");
  });

  it("ends with where to read more", async () => {
    const { stdout } = await check(["--ignore", "no-audit", "dangerous", "all/two"]);
    expect(stdout.split("\n").at(-3)).to.equal("More: pve-posture profile explain dangerous-capability");
  });

  it("--jsonl needs path and text", async () => {
    const { code, stdout } = await check(["--jsonl"], '{"text":""}\n{"path":"a"}\n{"path":1,"text":""}\n{"path":"a","text":""}\n');
    expect(code).to.equal(2);
    const answers = jsonl(stdout);
    expect(answers.slice(0, 3)).to.deep.equal([
      { error: '"path" is missing: expected {"path": "…", "text": "…"}', line: 1 },
      { error: '"text" is missing: expected {"path": "…", "text": "…"}', line: 2 },
      { error: '"path" must be a text', line: 3 },
    ]);
    expect(answers[3]).to.include({ file: "a" });
  });

  it("says where includes come from, and so does an error where there is no place for them", async () => {
    expect((await check(["--help"])).stdout).to.contain("Includes are searched in /etc/apparmor.d. Where there is none");
    const error = { code: "include-not-found", severity: "error" as const, message: "m", hint: "h", file: "f" };
    const report = { file: "f", valid: false, errors: [error, { ...error, code: "other" }], findings: [] };
    const hints = (nowhere: boolean) => forPeople(report, { nowhere }).errors.map(({ hint }) => hint);
    expect(hints(false)).to.deep.equal(["h", "h"]);
    expect(hints(true)[0]).to.contain("searched nowhere").and.contain("--include-dir");
    expect(hints(true)[1]).to.equal("h");
  });

  it("gives a log for code scanning with --format sarif", async () => {
    const { code, stdout } = await check([
      "--format",
      "sarif",
      "--include-dir",
      "includes",
      "dangerous",
      "broken",
      join(place.path, "nowhere"),
    ]);
    expect(code).to.equal(2);
    const { version, runs } = JSON.parse(stdout);
    expect(version).to.equal("2.1.0");
    const [{ tool, results, columnKind }] = runs;
    expect(columnKind).to.equal("utf16CodeUnits");
    for (const { ruleId, ruleIndex, level, message, locations } of results) {
      expect(tool.driver.rules[ruleIndex].id).to.equal(ruleId);
      expect(level).to.be.oneOf(["error", "warning", "note"]);
      expect(message.text).not.to.equal("");
      expect(locations[0].physicalLocation.artifactLocation.uri).to.match(/^(dangerous|broken|nowhere)$/);
      expect(locations[0].physicalLocation.region.startLine).to.be.at.least(1);
    }
    const module = results.find(({ ruleId }: { ruleId: string }) => ruleId === "dangerous-capability");
    expect(module.locations[0].physicalLocation.region).to.deep.include({
      startLine: 2,
      startColumn: 14,
      endLine: 2,
      endColumn: 24,
    });
    const rule = tool.driver.rules[module.ruleIndex];
    expect(rule.help.text).to.contain("docs/findings/dangerous-capability.md").and.contain("## Why");
    expect(rule.shortDescription.text).to.equal("A capability that is as good as root on the host.");
    const comma = tool.driver.rules.find(({ id }: { id: string }) => id === "missing-comma");
    expect(comma.shortDescription.text).to.equal("End the rule with a comma.");
  });
});
