import { expect } from "chai";
import { readFileSync } from "node:fs";
import { pvePosture } from "./cli.js";

describe("pve-posture", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

  it("says its version", async () => {
    expect(await pvePosture(["--version"])).to.deep.equal({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("helps, with every command", async () => {
    const { code, stdout } = await pvePosture(["profile", "--help"]);
    expect(code).to.equal(0);
    for (const command of ["check", "format", "compare", "decide"]) expect(stdout).to.match(new RegExp(`^  ${command} `, "m"));
  });

  const wrong: [args: string[], said: RegExp][] = [
    [[], /^Usage: pve-posture/],
    [["profile"], /^Usage: pve-posture profile/],
    [["nonsense"], /unknown command 'nonsense'/],
    [["profile", "chekc"], /Did you mean check\?/],
  ];
  for (const [args, said] of wrong) {
    it(`exits with 2 for: pve-posture ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await pvePosture(args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.match(said);
    });
  }
});
