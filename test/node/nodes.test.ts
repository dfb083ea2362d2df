import { expect } from "chai";
import { PostureError } from "../../provider/errors.js";
import { Nodes } from "../../provider/node/nodes.js";
import type { NodePool } from "../../provider/node/pool.js";
import { NodePool as RealPool } from "../../provider/node/pool.js";
import { readSettings } from "../../provider/node/settings.js";
import type { Request, Step } from "../../provider/plan/steps.js";
import { startNode } from "../../provider/testing/index.js";

type Result = { code: number | null; stdout: string; stderr?: string };

/** A pool that says what it is told to, and keeps what it was sent. */
function pool(...results: Result[]) {
  const sent: string[] = [];
  const run = async (_node: string, _script: string, stdin: Buffer) => {
    sent.push(stdin.toString("latin1"));
    const { code, stdout, stderr = "" } = results.shift() ?? { code: 1, stdout: "" };
    return { code, stdout: Buffer.from(stdout, "latin1"), stderr: Buffer.from(stderr) };
  };
  return { sent, nodes: new Nodes({ run, close: async () => {} } as unknown as NodePool, 3) };
}
const file = (path: string): Request => ({ ask: "file", path });

async function rejection(promise: Promise<unknown>): Promise<PostureError> {
  try {
    await promise;
  } catch (error) {
    return error as PostureError;
  }
  throw new Error("it should have failed");
}

describe("nodes", () => {
  it("ask once what several ask in the same moment", async () => {
    const { sent, nodes } = pool({ code: 0, stdout: "ok 1\nAabsent 0\nok 1\nC" }, { code: 0, stdout: "ok 1\nB" });
    const [one, two] = await Promise.all([nodes.observe("pve", [file("/a"), file("/b")]), nodes.observe("pve", [file("/b"), file("/c")])]);
    expect(sent).to.deep.equal(["file /a\nfile /b\nfile /c\n"]);
    expect([one.file("/a"), one.file("/b"), two.file("/b"), two.file("/c")]).to.deep.equal(["A", undefined, undefined, "C"]);
    expect((await nodes.observe("pve", [file("/b")])).file("/b"), "later: anew").to.equal("B");
  });

  it("fail all who asked together, and the next anew", async () => {
    const { nodes } = pool({ code: 1, stdout: "Welcome to pve!\n", stderr: "" }, { code: 0, stdout: "ok 1\nA" });
    const asked = [nodes.observe("pve", [file("/a")]), nodes.observe("pve", [file("/b")])].map(rejection);
    for (const error of await Promise.all(asked)) {
      expect(error.code).to.equal("interrupted");
      expect(error.what).to.equal("pve: the script ended with 1 and said: Welcome to pve!");
    }
    expect((await nodes.observe("pve", [file("/a")])).file("/a")).to.equal("A");
  });

  it("come to an end where a reading takes longer than it holds, or all is forgotten meanwhile", async () => {
    for (const meanwhile of ["slow", "forgotten"]) {
      let readings = 0;
      const run = async (_node: string, _script: string, stdin: Buffer) => {
        readings++;
        if (meanwhile === "slow") await new Promise((resolve) => setTimeout(resolve, 20));
        else nodes.forget();
        const lines = stdin.toString("latin1").trimEnd().split("\n");
        return { code: 0, stdout: Buffer.from(lines.map((line) => (/^(all|lives) /.test(line) ? "ok 7\nwhole\n\n" : "ok 1\nA")).join("")), stderr: Buffer.alloc(0) };
      };
      const nodes: Nodes = new Nodes({ run, close: async () => {} } as unknown as NodePool, 3, undefined, meanwhile === "slow" ? 5 : 10_000);
      const answers = await nodes.observe("pve", [file("/etc/pve/lxc/951.conf"), { ask: "live", vmid: 951 }]);
      expect(answers.asked(file("/etc/pve/lxc/951.conf")), meanwhile).to.be.true;
      expect(readings, meanwhile).to.be.below(4);
    }
  });

  it("refuse what is no question before anything is sent", async () => {
    const { sent, nodes } = pool();
    expect(await rejection(nodes.observe("pve", [file("/a\nfile /b")]))).to.be.instanceOf(RangeError);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(sent).to.deep.equal([]);
  });

  it("say what may not be read", async () => {
    const { nodes } = pool({ code: 0, stdout: "denied 0\n" });
    const answers = await nodes.observe("pve", [file("/etc/shadow")]);
    expect(() => answers.file("/etc/shadow")).to.throw(PostureError, "pve: reading /etc/shadow was refused").with.property("code", "not-permitted");
  });

  it("take a change that was done for done, although its answers are cut", async () => {
    const { sent, nodes } = pool({ code: 1, stdout: "result 1\ndone\nok 10\nab" }, { code: 0, stdout: "ok 3\nnew" });
    const answers = await nodes.apply("pve", [], [file("/a")]);
    expect(answers.file("/a")).to.equal("new");
    expect(sent).to.have.length(2);
  });

  it("fail where the script says nothing at all", async () => {
    const { nodes } = pool({ code: null, stdout: "", stderr: "" });
    expect((await rejection(nodes.apply("pve", [], []))).what).to.equal("pve: the script ended with a signal and said nothing");
  });

  it("observe and apply over SSH, bytes and all", async () => {
    const conf = "arch: amd64\n# f\u00fcr\n";
    const node = await startNode({ files: { "/etc/pve/lxc/951.conf": conf } });
    const entries = JSON.stringify({ pve: node.settings });
    const connections = new RealPool(readSettings((key) => (key === "pve-posture:nodes" ? entries : undefined), {}));
    const nodes = new Nodes(connections, 1);
    try {
      const path = "/etc/pve/lxc/951.conf";
      const before = (await nodes.observe("pve", [file(path)])).file(path)!;
      expect(before).to.equal(Buffer.from(conf, "utf8").toString("latin1"));
      const steps: Step[] = [{ do: "lock", path: "/run/lock/lxc/pve-config-951.lock" }, { do: "file", path, before, after: `${before}'"$(x)\xff\0` }];
      expect((await nodes.apply("pve", steps, [file(path)])).file(path)).to.equal(`${before}'"$(x)\xff\0`);
      expect((await rejection(nodes.apply("pve", steps, []))).code).to.equal("changed-meanwhile");
    } finally {
      await nodes.close();
      await node.stop();
    }
  });
});
