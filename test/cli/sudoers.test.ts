import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loader } from "../../provider/node/loader.js";
import { nodeScripts } from "../../provider/node/node-scripts.js";
import { folder, pvePosture } from "./cli.js";

const visudo = "/usr/sbin/visudo";
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

describe("pve-posture sudoers", () => {
  let printed = "";
  before(async () => {
    const { code, stdout, stderr } = await pvePosture(["sudoers", "--user", "deploy"]);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
    printed = stdout;
  });

  it("allows each script by its length and digest, and no other command", () => {
    const commands = [...printed.matchAll(/^Cmnd_Alias (\w+) = (\/.*)$/gm)].map(([, , command]) => command!.replaceAll("\\=", "="));
    expect(commands).to.deep.equal(Object.values(nodeScripts).map((script) => `/usr/bin/sh -c ${loader(script).line}`));
    expect(printed.match(/^(?!#|Cmnd_Alias|Defaults!PVE_POSTURE ).+$/gm)).to.deep.equal(["deploy ALL=(root) NOPASSWD: PVE_POSTURE"]);
  });
  it("says of which version it is, and where it goes", () => {
    expect(printed).to.contain(`pve-posture ${version} `).and.contain("/etc/sudoers.d/pve-posture");
  });
  it("is for posture where no account is named", async () => {
    expect((await pvePosture(["sudoers"])).stdout).to.contain("\nposture ALL=(root) NOPASSWD: PVE_POSTURE\n");
  });

  it("passes visudo", function () {
    if (!existsSync(visudo)) {
      if (process.env.CI === "true") throw new Error(`${visudo} is missing: install sudo`);
      console.log("      no visudo on this machine: skipped");
      return this.skip();
    }
    const { path, remove } = folder({ sudoers: printed });
    const { status, stderr, stdout } = spawnSync(visudo, ["-csf", join(path, "sudoers")], { encoding: "utf8" });
    remove();
    expect({ status, said: stdout + stderr }).to.deep.equal({ status: 0, said: `${join(path, "sudoers")}: parsed OK\n` });
  });

  const wrong = ["ALL", "%sudo", "a,b", "a\nALL ALL=(ALL) NOPASSWD: ALL", ""];
  for (const user of wrong) {
    it(`takes no account ${JSON.stringify(user)}`, async () => {
      const { code, stdout, stderr } = await pvePosture(["sudoers", `--user=${user}`]);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.contain("can't be the name of an account").and.contain("lower-case");
    });
  }
});
