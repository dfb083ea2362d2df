import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { compilerFor, type Compiler } from "../support/compilers.js";

describe("scripts/compilers.mjs without a mirror", () => {
  const home = mkdtempSync(join(tmpdir(), "pve-posture-compilers-"));
  after(() => rmSync(home, { recursive: true, force: true }));
  const get = (env: Record<string, string>) => {
    const place = {
      HOME: home,
      XDG_CACHE_HOME: "",
      PVE_POSTURE_CACHE: "",
      PVE_POSTURE_DEBIAN_MIRROR: "http://127.0.0.1:9/debian",
    };
    return spawnSync(process.execPath, [resolve("scripts/compilers.mjs")], {
      env: { ...process.env, ...place, ...env },
      encoding: "utf8",
    });
  };

  it("says why, leaves nothing behind, and fails in CI only", function () {
    if (!existsSync("/usr/bin/apt-get")) return this.skip();
    const { status, stdout, stderr } = get({ CI: "" });
    expect(stderr).to.contain("No AppArmor compiler of Debian 13: apt-get update");
    expect({ status, stdout }).to.deep.equal({ status: 0, stdout: "" });
    expect(readdirSync(join(home, ".cache/pve-posture"))).to.deep.equal([]);
    expect(get({ CI: "true" }).status).to.equal(1);
  });
});

describe("the compilers as oracles", () => {
  let compiler: Compiler;
  before(function () {
    compiler = compilerFor("4.1", this);
  });

  it("decide what is valid", async () => {
    expect(await compiler.check("profile a { /a r, }")).to.deep.equal({ valid: true, said: "" });
    const { valid, said } = await compiler.check("profile a { /a r }");
    expect(valid).to.equal(false);
    expect(said).to.contain("syntax error");
  });

  it("tell policies apart, of every class and whatever the abi is", async () => {
    const policy = (rule: string, abi = "") => compiler.policy(`${abi}profile a { ${rule} }`);
    const empty = await policy("");
    const rules = [
      "/a r,",
      "capability chown,",
      "network inet,",
      "unix,",
      "signal,",
      "ptrace,",
      "mount,",
      "umount,",
      "pivot_root,",
      "dbus,",
      "userns,",
      "mqueue,",
      "io_uring,",
    ];
    for (const rule of rules) {
      expect(await policy(rule), rule)
        .to.match(/^[0-9a-f]{64}$/)
        .and.not.equal(empty);
      expect(await policy(rule, "abi <abi/3.0>,\n"), rule).to.equal(await policy(rule));
    }
    expect(await policy("/a r, /b r,")).to.equal(await policy("/b r, /a r,"));
    expect(await policy("/a")).to.equal(undefined);
  });
});
