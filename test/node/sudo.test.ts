import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { PostureError } from "../../provider/errors.js";
import { connect } from "../../provider/node/connect.js";
import type { Connection } from "../../provider/node/connection.js";
import { loader, mismatch } from "../../provider/node/loader.js";
import { nodeScripts } from "../../provider/node/node-scripts.js";
import { Nodes } from "../../provider/node/nodes.js";
import { NodePool } from "../../provider/node/pool.js";
import { resolveTarget } from "../../provider/node/resolve.js";
import { readSettings, type Settings } from "../../provider/node/settings.js";
import { sudoRefusal } from "../../provider/node/sudo.js";
import type { Step } from "../../provider/plan/steps.js";
import { pvePosture } from "../cli/cli.js";
import { debian, startSudoNode, type SudoNode } from "../support/sudo-node.js";

const conf = "/etc/pve/lxc/951.conf";
const observe = loader(nodeScripts.observe);
const request = Buffer.from("file /etc/hostname\n");
/** shell: a directory of the user's own */
const aside = `d=$(mktemp -d); trap 'rm -r $d' EXIT`;

describe("a real sudo", function () {
  this.timeout(30_000);
  let node: SudoNode;
  let settings: Settings;
  let pool: NodePool;
  let shell: Connection;
  let printed: string;

  before(async function () {
    const started = await startSudoNode();
    if (!started) {
      console.log("      no sudo, or no root, on this machine: skipped");
      return this.skip();
    }
    node = started;
    const nodes = { n: node.settings(), bare: node.settings("bare") };
    settings = readSettings(() => undefined, { PVE_POSTURE_NODES: JSON.stringify(nodes), PVE_POSTURE_SSH_CONFIG: "none" });
    pool = new NodePool(settings);
    shell = await connect(resolveTarget("n", settings));
    printed = (await pvePosture(["sudoers"])).stdout;
  });
  after(async () => {
    await shell?.close();
    await pool?.close();
    await node?.stop();
  });

  /** What the account may try by itself: a command of its own, with its own standard input. */
  const attempt = async (command: string, input: Buffer = Buffer.concat([observe.bytes, request])) => {
    const { code, stdout, stderr } = await shell.exec(`export LC_ALL=C; ${command}`, input);
    return { code, stdout: stdout.toString(), stderr: stderr.toString() };
  };
  const asked = async () => (await pool.run("n", nodeScripts.observe, request)).stdout.toString();
  const refused = async (name = "n") => {
    const error = await pool.run(name, nodeScripts.observe, request).then(() => expect.fail("it went well"), (e: unknown) => e);
    expect(error, String(error)).to.be.instanceOf(PostureError).and.include({ code: "not-permitted" });
    return (error as PostureError).message;
  };

  describe("with the file that is printed", () => {
    before(() => node.sudoers(debian, printed));

    it("observes and applies, as root", async () => {
      writeFileSync(node.at(conf), "arch: amd64\n");
      const steps: Step[] = [
        { do: "lock", path: "/run/lock/lxc/pve-config-951.lock" },
        { do: "file", path: conf, before: "arch: amd64\n", after: "arch: amd64\nlxc.cap.drop: sys_module\n" },
      ];
      const nodes = new Nodes(pool, 1);
      expect((await nodes.observe("n", [{ ask: "file", path: "/etc/shadow" }])).file("/etc/shadow")).to.contain("posture:*:");
      const answers = await nodes.apply("n", steps, [{ ask: "file", path: conf }]);
      expect(answers.file(conf)).to.equal("arch: amd64\nlxc.cap.drop: sys_module\n");
      expect(readFileSync(node.at(conf), "utf8")).to.equal(answers.file(conf));
    });

    for (const [name, script] of Object.entries(nodeScripts)) {
      it(`allows ${name}`, async () => {
        const { code } = await attempt(`sudo -n -l sh -c '${loader(script).line}'`);
        expect(code).to.equal(0);
      });
    }

    const refusals: [what: string, command: string][] = [
      ["another command", "sudo -n id"],
      ["a shell", "sudo -n sh"],
      ["a shell for a login", "sudo -n -i"],
      ["a command in a shell", "sudo -n sh -c id"],
      ["the script itself", `sudo -n sh -c 'cat /etc/hostname'`],
      ["another digest", `sudo -n sh -c '${loader("id").line}'`],
      ["another length", `sudo -n sh -c '${observe.line.replace(/head -c \d+/, "head -c 2")}'`],
      ["an argument more", `sudo -n sh -c '${observe.line}' x`],
      ["an empty argument more", `sudo -n sh -c '${observe.line}' ''`],
      ["an option before", `sudo -n sh -x -c '${observe.line}'`],
      ["an operator more", `sudo -n sh -c '${observe.line}; id'`],
      ["another shell", `sudo -n bash -c '${observe.line}'`],
      ["another program of that name", `${aside}; ln -s /usr/bin/id $d/sh; sudo -n $d/sh -c '${observe.line}'`],
      ["another user", `sudo -n -u bare sh -c '${observe.line}'`],
      ["another directory", `sudo -n -D /tmp sh -c '${observe.line}'`],
      ["variables", `sudo -n PVE_POSTURE_ROOT=/tmp sh -c '${observe.line}'`],
      ["the whole environment", `sudo -n -E sh -c '${observe.line}'`],
      ["an editor", "sudo -n -e /etc/passwd"],
    ];
    for (const [what, command] of refusals) {
      it(`refuses ${what}`, async () => {
        const { code, stdout, stderr } = await attempt(command);
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
        expect(stderr).to.match(/^sudo: (a password is required|sorry, you are not allowed|you are not permitted)/m);
      });
    }

    it("runs no other script of the same length, and says so", async () => {
      const other = Buffer.from(observe.bytes.toString().replace("umask 022", "id;id;id "));
      expect(other.length).to.equal(observe.bytes.length);
      const result = await shell.exec(`sudo -n sh -c '${observe.line}'`, other);
      expect({ code: result.code, stdout: result.stdout.toString() }).to.deep.equal({ code: 65, stdout: "" });
      const error = sudoRefusal(result, resolveTarget("n", settings));
      expect(error).to.include({ code: "interrupted" });
      expect(error?.message).to.contain(mismatch);
    });

    // sudo joins arguments by blanks before it compares them: all of these are allowed
    const words = observe.line.split(" ").map((word) => `'${word}'`);
    const input = Buffer.concat([observe.bytes, Buffer.from("\nid >&2\n")]);
    it("gains nothing by a line in several arguments", async () => {
      for (let n = 1; n < words.length; n++) {
        const cut = `'${observe.line.split(" ").slice(0, n).join(" ")}' ${words.slice(n).join(" ")}`;
        const { code, stderr } = await attempt(`sudo -n sh -c ${cut}`, input);
        expect(code, cut).to.equal(2);
        expect(stderr).to.match(/Syntax error|syntax error/).and.not.contain("uid=");
      }
    });
    it("gains nothing by sudo -s, which quotes the line for another shell", async () => {
      // a file of the user's with that name, where it stands
      const { code, stderr } = await attempt(`${aside}; cd $d; printf '#!/bin/sh\\nid >&2' > '{'; chmod 755 '{'; PATH=$d:$PATH SHELL=/usr/bin/sh sudo -n -s ${words.join(" ")}`, input);
      expect(code).to.equal(127);
      expect(stderr).to.contain("{: not found").and.not.contain("uid=");
    });

    it("takes nothing of the environment, whatever sudoers keeps otherwise", async () => {
      mkdirSync(node.at("/run/loose"));
      for (const name of ["head", "mktemp"]) writeFileSync(node.at(`/run/loose/${name}`), "#!/bin/sh\nid >&2\n", { mode: 0o755 });
      const loose = ["!secure_path, !env_reset, setenv", '!secure_path, env_keep += "PVE_POSTURE_ROOT TMPDIR PATH"', 'secure_path="/run/loose:/usr/bin"'];
      for (const line of loose) {
        node.sudoers(debian.replace(/env_reset, secure_path.*/, line), printed);
        const { stdout, stderr } = await attempt(`export PATH=/run/loose:$PATH TMPDIR=/nowhere PVE_POSTURE_ROOT=/nowhere; sudo -n sh -c '${observe.line}'`);
        expect({ stdout, stderr }, line).to.deep.equal({ stdout: "ok 4\npve\n", stderr: "" });
      }
      node.sudoers(debian, printed);
    });

    it("leaves a line with the digest in sudo's log", async () => {
      writeFileSync(node.at("/run/sudo.log"), "");
      await asked();
      const log = readFileSync(node.at("/run/sudo.log"), "utf8").replace(/\s+/g, " ");
      expect(log).to.match(/ : posture : .*USER=root ; COMMAND=\/usr\/bin\/sh -c /).and.contain(/[0-9a-f]{64}/.exec(observe.line)![0]);
    });

    it("needs no terminal where sudoers wants one", async () => {
      node.sudoers(`Defaults requiretty\n${debian}`, printed);
      expect(await asked()).to.equal("ok 4\npve\n");
    });
  });

  describe("with other files", () => {
    const broad = ["/usr/bin/sh", "/bin/sh", "ALL"];
    for (const command of broad) {
      it(`works where ${command} is allowed`, async () => {
        node.sudoers(debian, `posture ALL=(root) NOPASSWD: ${command}\n`);
        expect(await asked()).to.equal("ok 4\npve\n");
      });
    }
    it("passes 2 MB on byte for byte, also where sudo stands in between and logs", async () => {
      const data = randomBytes(2 << 20);
      for (const extra of ["", "Defaults use_pty, log_output\n"]) {
        node.sudoers(extra + debian, "posture ALL=(root) NOPASSWD: /usr/bin/sh\n");
        const { stdout } = await pool.run("n", "sha256sum", data);
        expect(stdout.toString()).to.equal(`${createHash("sha256").update(data).digest("hex")}  -\n`);
      }
    });

    const refusals: [what: string, main: string, ours: () => string | undefined, ...said: string[]][] = [
      ["those of another version", debian, () => printed.replace(/\^..../g, "^0000"), "sudo wants a password", "a password is required"],
      ["other commands alone", debian, () => "posture ALL=(root) NOPASSWD: /usr/bin/id\n", "sudo wants a password"],
      ["other commands, and never a password", `${debian}Defaults !authenticate\n`, () => "posture ALL=(root) /usr/bin/id\n", "sudoers doesn't allow", "is not allowed to execute"],
      ["no entry", debian, () => undefined, "sudo wants a password"],
      ["no entry, and never a password", `${debian}Defaults !authenticate\n`, () => undefined, "sudoers doesn't allow", "not in the sudoers file"],
      ["an entry with a password", debian, () => "posture ALL=(ALL) ALL\n", "sudo wants a password"],
      ["a terminal wanted", `Defaults requiretty\n${debian}`, () => "posture ALL=(root) NOPASSWD: ALL\n", "requiretty", "must have a tty"],
    ];
    for (const [what, main, ours, ...said] of refusals) {
      it(`says what to do for ${what}`, async () => {
        node.sudoers(main, ours());
        const message = await refused();
        for (const words of [...said, "another version's scripts", "npx pve-posture sudoers --user posture >", "visudo -cf"]) {
          expect(message).to.contain(words);
        }
      });
    }
    it("says what to do without sudo", async () => {
      expect(await refused("bare")).to.contain("sudo isn't installed").and.contain("apt-get install sudo").and.contain("--user bare");
    });
  });
});
