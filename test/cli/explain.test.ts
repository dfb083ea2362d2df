import { expect } from "chai";
import { readFileSync } from "node:fs";
import { findings } from "../../provider/apparmor/lint/index.js";
import { pageOf } from "../../provider/cli/pages.js";
import { pvePosture } from "./cli.js";

describe("pve-posture profile explain", () => {
  const explain = (...codes: string[]) => pvePosture(["profile", "explain", ...codes]);

  it("lists the findings", async () => {
    const { code, stdout } = await explain();
    expect(code).to.equal(0);
    expect(stdout.trimEnd().split("\n")).to.have.length(Object.keys(findings).length);
    expect(stdout).to.match(/^no-audit +A container's profile logs nothing/m);
  });

  it("prints pages, wherever it is called", async () => {
    const { code, stdout } = await pvePosture(["profile", "explain", "no-audit", "bare-mount"], { cwd: "/" });
    expect(code).to.equal(0);
    const pages = ["no-audit", "bare-mount"].map((name) => readFileSync(`docs/findings/${name}.md`, "utf8"));
    expect(stdout).to.equal(pages.join("\n"));
  });

  it("explains errors, and findings of conf check", async () => {
    expect((await explain("missing-comma")).stdout).to.contain("End the rule with a comma.");
    expect((await explain("unknown-limit")).stdout).to.contain("getrlimit(2)");
    const both = (await explain("unknown-capability")).stdout;
    expect(both).to.contain("(profile check)").and.contain("(conf check)");
  });

  it("refuses a code that there is not", async () => {
    const { code, stdout, stderr } = await explain("no-adit");
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
    expect(stderr).to.contain('did you mean "no-audit"?');
  });

  it("every finding has a page with a title", () => {
    for (const code of Object.keys(findings)) expect(pageOf(code)?.title, code).to.match(/^\S.*\.$/);
  });

  it("the package has the pages", () => {
    const { files } = JSON.parse(readFileSync("package.json", "utf8")) as { files: string[] };
    expect(files).to.include.members(["docs/*.md", "docs/findings/*.md"]);
  });
});
