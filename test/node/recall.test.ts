import { expect } from "chai";
import { encodeRequests, requestLine, type Answer, type Question } from "../../provider/node/protocol.js";
import { Recall, touches } from "../../provider/node/recall.js";
import type { Request, Step } from "../../provider/plan/steps.js";
import { Place } from "../support/place.js";

const file = (path: string): Request => ({ ask: "file", path });
const live = (vmid: number): Request => ({ ask: "live", vmid });
const paths = (pattern: string): Request => ({ ask: "paths", pattern });
const confFile = (vmid: number) => `/etc/pve/lxc/${vmid}.conf`;
const kernelList = "/sys/kernel/security/apparmor/profiles";
const text = (answer: Answer | undefined) => answer && [answer.status, answer.body.toString("latin1")];

/** A node, and what is remembered of it; time passes only by hand. */
async function world(files: Record<string, string> = {}) {
  const place = await Place.make({ files: { [confFile(951)]: "arch: amd64\n", "/etc/apparmor.d/lxc-a": "a\n", ...files } });
  let time = 1000;
  const recall = new Recall(30_000, () => time);
  const asked: string[][] = [];
  /** As `Nodes` does it: what isn't known is asked, with what it takes along. */
  const ask = (...requests: Request[]): (readonly [string, string] | undefined)[] => {
    for (;;) {
      const open = requests.filter((request) => recall.get(request) === undefined);
      if (open.length === 0) return requests.map((request) => text(recall.get(request)) as [string, string]);
      expect(asked.length, "it comes to an end").to.be.below(20);
      const questions = recall.along(open);
      asked.push(questions.map(requestLine));
      place.answers(questions).forEach((answer, i) => recall.take(questions[i]!, answer, time));
    }
  };
  return { place, recall, asked, ask, later: (ms: number) => (time += ms) };
}

describe("what is recalled of a node", () => {
  it("the first reading takes along what other resources will ask for", async () => {
    const { place, ask, asked } = await world({ [confFile(952)]: "arch: arm64\n" });
    expect(ask(file(confFile(951)))).to.deep.equal([["ok", "arch: amd64\n"]]);
    place.write(confFile(952), "changed\n");
    expect(ask(file(confFile(952)), file(confFile(953)), file("/etc/apparmor.d/lxc-a"), file("/etc/apparmor.d/none"), file("/etc/hostname"), live(951))).to.deep.equal([
      ["ok", "arch: arm64\n"], ["absent", ""], ["ok", "a\n"], ["absent", ""], ["ok", "pve\n"], ["ok", ""],
    ]);
    expect(ask(paths("/etc/pve/nodes/*/lxc/952.conf"))[0]![1]).to.equal("/etc/pve/nodes/pve/lxc/952.conf\n");
    expect(asked).to.have.length(1);
  });

  it("running containers, each with what is known of it", async () => {
    const { place, ask, asked } = await world({ [confFile(952)]: "arch: amd64\n" });
    place.program("/.stand-ins/bin/pct", "start", "952");
    const alone = place.live(952);
    expect(alone).to.match(/^running\npid /);
    expect(ask(live(951), live(952))).to.deep.equal([["ok", ""], ["ok", alone]]);
    expect(asked).to.have.length(1);
  });

  it("a question that nothing brings along is asked once", async () => {
    const { ask, asked } = await world({ "/proc/devices": "Character devices:\n" });
    ask(file(confFile(951)));
    for (let i = 0; i < 3; i++) expect(ask(file("/proc/devices"))).to.deep.equal([["ok", "Character devices:\n"]]);
    expect(asked.slice(1)).to.deep.equal([["file /proc/devices"]]);
  });

  it("a directory in a file's place is asked by itself, and denied as ever", async () => {
    const { ask, asked } = await world({ "/etc/apparmor.d/abstractions/base": "x\n" });
    expect(ask(file("/etc/apparmor.d/abstractions"))).to.deep.equal([["denied", ""]]);
    expect(asked).to.have.length(2);
  });

  it("parts of profiles bring along the others", async () => {
    const { ask, asked } = await world({ "/etc/apparmor.d/abstractions/base": "b\n", "/etc/apparmor.d/abstractions/lxc/start": "s\n", "/etc/apparmor.d/tunables/global": "g\n" });
    ask(file("/etc/apparmor.d/lxc-a"));
    ask(file("/etc/apparmor.d/abstractions/base"));
    expect(ask(file("/etc/apparmor.d/tunables/global"), file("/etc/apparmor.d/abstractions/lxc/start"), file("/etc/apparmor.d/abi/none"))).to.deep.equal([
      ["ok", "g\n"], ["ok", "s\n"], ["absent", ""],
    ]);
    expect(asked).to.have.length(2);
  });

  it("holds for half a minute, and is read anew then", async () => {
    const { place, ask, asked, later } = await world();
    ask(file(confFile(951)));
    place.write(confFile(951), "new\n");
    later(29_999);
    expect(ask(file(confFile(951)))).to.deep.equal([["ok", "arch: amd64\n"]]);
    later(1);
    expect(ask(file(confFile(951)))).to.deep.equal([["ok", "new\n"]]);
    expect(asked).to.have.length(2);
  });

  it("knows what our own steps have made of it, and asks what it can't know", async () => {
    const { place, recall, ask, asked, later } = await world({ [kernelList]: "lxc-a (enforce)\n" });
    ask(file(confFile(951)));
    later(1);
    const steps: Step[] = [
      { do: "file", path: confFile(951), before: "arch: amd64\n", after: undefined },
      { do: "file", path: "/etc/apparmor.d/lxc-b", before: undefined, after: "b\xff\n" },
      { do: "load", profile: "lxc-b", path: "/etc/apparmor.d/lxc-b" },
    ];
    recall.note(steps, [], []);
    expect(ask(file(confFile(951)), file("/etc/apparmor.d/lxc-b"))).to.deep.equal([["absent", ""], ["ok", "b\xff\n"]]);
    expect(asked).to.have.length(1);
    place.write(kernelList, "lxc-a (enforce)\nlxc-b (enforce)\n");
    expect(ask(file(kernelList))).to.deep.equal([["ok", "lxc-a (enforce)\nlxc-b (enforce)\n"]]);
    expect(asked.slice(1)).to.deep.equal([[`file ${kernelList}`]]);
  });

  it("an answer that was asked for before our change doesn't undo it", async () => {
    const { recall, ask, later } = await world();
    ask(file(confFile(951)));
    later(1);
    recall.note([{ do: "file", path: confFile(951), before: "arch: amd64\n", after: "ours\n" }], [], []);
    recall.take(file(confFile(951)), { status: "ok", body: Buffer.from("arch: amd64\n") }, 1000);
    expect(ask(file(confFile(951)))).to.deep.equal([["ok", "ours\n"]]);
  });

  it("after what went wrong, and after a restart, nothing is certain", async () => {
    const { recall, ask, asked } = await world();
    ask(file(confFile(951)));
    recall.forget();
    ask(file(confFile(951)));
    recall.note([{ do: "restart", vmid: 951, seconds: 1, start: false }], [], []);
    ask(file(confFile(951)));
    expect(asked).to.have.length(3);
  });

  it("without memory every question is asked, and no other", () => {
    const recall = new Recall(0);
    const questions: Question[] = [file(confFile(951)), live(951)];
    expect(recall.along(questions as Request[])).to.deep.equal(questions);
    recall.take(questions[0]!, { status: "absent", body: Buffer.alloc(0) }, Date.now());
    expect(recall.get(questions[0] as Request)).to.be.undefined;
    expect(encodeRequests(questions).toString()).to.equal(`file ${confFile(951)}\nlive 951\n`);
  });

  const written: Step = { do: "file", path: confFile(951), before: "", after: "x" };
  const touched: [string, Step[], Request, boolean][] = [
    ["the file that is written", [written], file(confFile(951)), true],
    ["another file", [written], file(confFile(952)), false],
    ["the kernel's list, by loading", [{ do: "load", profile: "a", path: "/a" }], file(kernelList), true],
    ["the kernel's list, by writing", [written], file(kernelList), false],
    ["everything, by a restart", [{ do: "restart", vmid: 951, seconds: 1, start: false }], live(952), true],
    ["who uses a profile", [written], { ask: "users", profile: "a" }, true],
    ["what runs, by any: it goes up and down by itself", [written], live(951), true],
    ["what another file system has, by writing", [written], { ask: "package", name: "a" }, false],
  ];
  for (const [name, steps, request, expected] of touched) {
    it(`steps touch ${name}: ${expected}`, () => expect(touches(steps, request)).to.equal(expected));
  }
});
