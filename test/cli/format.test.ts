import { expect } from "chai";
import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { folder, pvePosture } from "./cli.js";

const untidy = "profile lxc-a   {\n# why\n  /a   r,\n\n\n   deny /b w,}\n";
const tidy = "profile lxc-a {\n  # why\n  /a r,\n\n  deny /b w,\n}\n";

describe("pve-posture profile format", () => {
  const place = folder({
    "lxc-untidy": untidy,
    "lxc-tidy": tidy,
    "lxc-broken": "profile lxc-a {\n  /a r\n}\n",
    "lxc-old.dpkg-old": untidy,
    "abstractions/x": untidy,
  });
  after(place.remove);
  const format = (args: string[], input?: string) => pvePosture(["profile", "format", ...args], { cwd: place.path, input });

  it("prints the canonical layout", async () => {
    expect(await format(["lxc-untidy"])).to.deep.equal({ code: 0, stdout: tidy, stderr: "" });
  });

  it("reads standard input as -", async () => {
    expect(await format(["-"], untidy)).to.deep.equal({ code: 0, stdout: tidy, stderr: "" });
  });

  it("--check names what would change, and exits with 1", async () => {
    expect(await format(["--check", "lxc-tidy", "lxc-untidy"])).to.deep.equal({
      code: 1,
      stdout: "lxc-untidy\n",
      stderr: "",
    });
    expect(await format(["--check", "lxc-tidy"])).to.deep.equal({ code: 0, stdout: "", stderr: "" });
  });

  it("says where a file does not parse, goes on with the next, and exits with 2", async () => {
    const { code, stdout, stderr } = await format(["lxc-broken", "lxc-tidy", "lxc-none"]);
    expect(code).to.equal(2);
    expect(stdout).to.equal(tidy);
    expect(stderr)
      .to.match(/^lxc-broken:2:\d+: error /m)
      .and.to.contain("pve-posture: lxc-none: no such file");
  });

  it("takes a directory as the profiles in it", async () => {
    const { stdout } = await format(["--check", "."]);
    expect(stdout).to.equal("lxc-untidy\n");
  });

  it("--write changes what needs it, keeps its mode, and leaves nothing else behind", async () => {
    const own = folder({ "lxc-untidy": untidy, "lxc-tidy": tidy });
    try {
      chmodSync(join(own.path, "lxc-untidy"), 0o640);
      const ended = await pvePosture(["profile", "format", "--write", "lxc-untidy", "lxc-tidy"], {
        cwd: own.path,
      });
      expect(ended).to.deep.equal({ code: 0, stdout: "lxc-untidy\n", stderr: "" });
      expect(readFileSync(join(own.path, "lxc-untidy"), "utf8")).to.equal(tidy);
      expect(statSync(join(own.path, "lxc-untidy")).mode & 0o777).to.equal(0o640);
      expect(readdirSync(own.path)).to.deep.equal(["lxc-tidy", "lxc-untidy"]);
    } finally {
      own.remove();
    }
  });

  it("--write can't go with --check or standard input", async () => {
    for (const args of [
      ["--write", "--check", "lxc-tidy"],
      ["--write", "-"],
    ]) {
      const { code, stderr } = await format(args, tidy);
      expect(code).to.equal(2);
      expect(stderr).to.match(/^error: /);
    }
  });
});
