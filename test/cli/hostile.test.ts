import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { folder, pvePosture, shellCommand } from "./cli.js";

describe("pve-posture in unfriendly surroundings", () => {
  const place = folder({ "d/lxc-a": "profile lxc-a { /a   r, }\n" });
  after(place.remove);
  const file = join(place.path, "d/lxc-a");

  it("passes over a pipe in a directory, which would never end", async () => {
    execFileSync("mkfifo", [join(place.path, "d/pipe")]);
    expect(await pvePosture(["profile", "check", "--no-findings", "d"], { cwd: place.path })).to.include({ code: 0 });
  });

  it("says that standard output is full", function () {
    if (!existsSync("/dev/full")) return this.skip();
    const { status, stderr } = spawnSync("sh", ["-c", `${shellCommand} profile format '${file}' > /dev/full`]);
    expect(status).to.equal(2);
    expect(stderr.toString()).to.match(/^pve-posture: standard output: .*space/);
  });

  it("never removes a file that it has not made", async () => {
    writeFileSync(`${file}.pve-posture~`, "precious");
    const { code, stderr } = await pvePosture(["profile", "format", "--write", file]);
    expect(code).to.equal(2);
    expect(stderr).to.include("can't be written");
    expect(readFileSync(`${file}.pve-posture~`, "utf8")).to.equal("precious");
    expect(readFileSync(file, "utf8")).to.equal("profile lxc-a { /a   r, }\n");
  });

  it("lets no name act on the terminal", async () => {
    const { stderr } = await pvePosture(["profile", "format", "no\u001b[31m\u202esuch"]);
    expect(stderr).to.equal("pve-posture: no?[31m?such: no such file\n");
  });

  it("tells another abi from none", async () => {
    const texts = ["abi <abi/3.0>,\nprofile a { /x r, }\n", "profile a { /x r, }\n"];
    const input = `${JSON.stringify({ a: texts[0], b: texts[1] })}\n`;
    writeFileSync(join(place.path, "includes.json"), JSON.stringify({ "abi/3.0": "file {mask {read\n}\n}\n" }));
    const { stdout } = await pvePosture(["profile", "compare", "--jsonl", "--includes", "includes.json"], { cwd: place.path, input });
    expect(JSON.parse(stdout)).to.include({ relation: "both" }).and.to.have.deep.property("abi", { a: "abi/3.0", b: "" });
  });
});
