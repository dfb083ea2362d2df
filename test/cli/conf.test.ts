import { expect } from "chai";
import { join } from "node:path";
import { folder, pvePosture } from "./cli.js";

const sound = [
  "#über",
  "arch: amd64",
  "hostname: web",
  "unprivileged: 1",
  "lxc.prlimit.nofile = 1024",
  "",
  "[one]",
  "arch: amd64",
  "",
].join("\n");
const broken = ["arch: amd64", "unprivileged: 1", "no colon", "dev0: /dev/a", "dev0: /dev/b", "lxc.apparmor.profile: schön\u0007"].join(
  "\r\n",
);
/** no text at all */
const bytes = Buffer.from([0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x3a, 0x31, 0x0a, 0xff, 0x00, 0x0a]);

describe("pve-posture conf", function () {
  this.timeout(60_000);
  let files: { path: string; remove(): void };
  const at = (name: string): string => join(files.path, name);

  before(() => (files = folder({ "sound.conf": sound, "broken.conf": broken, "bytes.conf": bytes })));
  after(() => files.remove());

  describe("show", () => {
    it("prints the reading of Proxmox VE as JSON", async () => {
      const { code, stdout, stderr } = await pvePosture(["conf", "show", at("sound.conf"), "--json"]);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).to.deep.equal({
        arch: "amd64",
        description: "über\n",
        hostname: "web",
        unprivileged: 1,
        lxc: [["lxc.prlimit.nofile", "1024"]],
        pending: {},
        snapshots: { one: { arch: "amd64" } },
      });
    });

    it("prints the file as Proxmox VE would write it back", async () => {
      const { code, stdout } = await pvePosture(["conf", "show", "-"], { input: broken });
      expect(code).to.equal(0);
      expect(stdout).to.equal("arch: amd64\ndev0: /dev/b\nunprivileged: 1\nlxc.apparmor.profile: schön\u0007\n");
    });

    it("reads standard input, whatever its bytes", async () => {
      const { code, stdout } = await pvePosture(["conf", "show", "-", "--json"], { input: bytes });
      expect(code).to.equal(0);
      expect(JSON.parse(stdout)).to.deep.equal({ memory: "1", pending: {}, snapshots: {} });
    });
  });

  describe("check", () => {
    it("finds nothing", async () => {
      const { code, stdout } = await pvePosture(["conf", "check", at("sound.conf")]);
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: "1 file: nothing found\n" });
    });

    it("prints findings with their lines", async () => {
      const { code, stdout, stderr } = await pvePosture(["conf", "check", at("broken.conf")]);
      expect({ code, stderr }).to.deep.equal({ code: 1, stderr: "" });
      expect(stdout).to.contain(`${at("broken.conf")}:3: error unparsable: `);
      expect(stdout).to.contain(`${at("broken.conf")}:4: error repeated-property: line 5 sets \`dev0\` again: this one is lost\n`);
      expect(stdout).to.contain("`schön\ufffd`", "nothing that acts on a terminal");
      expect(stdout).to.match(/\n1 file: 3 errors\n$/);
    });

    it("--fail-on says from which severity on it exits with 1", async () => {
      const warned = "arch: amd64\nunprivileged: 1\nlxc.apparmor.profile: unconfined\n";
      const code = async (...args: string[]) => (await pvePosture(["conf", "check", ...args, "-"], { input: warned })).code;
      expect(await code()).to.equal(1);
      expect(await code("--fail-on", "error")).to.equal(0);
      expect((await pvePosture(["conf", "check", "--fail-on", "error", at("broken.conf")])).code).to.equal(1);
      expect(await code("--fail-on", "info")).to.equal(2);
    });

    it("prints them as JSON, of standard input too", async () => {
      const { code, stdout } = await pvePosture(["conf", "check", "--format", "json", "-"], { input: broken });
      expect(code).to.equal(1);
      const { file, findings } = JSON.parse(stdout) as { file: string; findings: { code: string; line: number }[] };
      expect(file).to.equal("-");
      expect(findings.map(({ code, line }) => [line, code])).to.deep.equal([
        [3, "unparsable"],
        [4, "repeated-property"],
        [6, "profile-name"],
      ]);
      expect(findings[0]).to.have.all.keys("code", "severity", "line", "message", "hint");
    });
  });

  describe("what can't be read, or is no command", () => {
    const cases: [name: string, args: string[], stderr: RegExp][] = [
      ["no such file", ["conf", "check", "/nowhere.conf"], /^pve-posture: \/nowhere.conf: no such file\n$/],
      ["a directory", ["conf", "show", "/"], /^pve-posture: \/: is a directory\n$/],
      ["no file at all", ["conf", "show"], /missing required argument 'file'/],
      ["a format that there is not", ["conf", "check", "--format", "xml", "-"], /Allowed choices are text, json/],
      ["a word that there is not", ["conf", "edit"], /unknown command 'edit'/],
    ];
    for (const [name, args, stderr] of cases) {
      it(name, async () => {
        const ended = await pvePosture(args);
        expect(ended.code).to.equal(2);
        expect(ended.stderr).to.match(stderr);
      });
    }
  });
});
