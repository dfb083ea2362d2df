import { expect } from "chai";
import fc from "fast-check";
import {
  answersOf, decodeAnswers, decodeOutcomes, encodeRequests, encodeTransaction, encodeTransactions, requestLine, splitAll, type Answer,
} from "../../provider/node/protocol.js";
import { nodeScripts } from "../../provider/node/node-scripts.js";
import type { Request, Step } from "../../provider/plan/steps.js";

const frame = (status: string, body: Buffer | string) => {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`${status} ${bytes.length}\n`), bytes]);
};
const never = (what: string): never => {
  throw new Error(`denied: ${what}`);
};
const ok = (body: string): Answer => ({ status: "ok", body: Buffer.from(body, "latin1") });

describe("questions", () => {
  it("are a line each", () => {
    const requests: Request[] = [
      { ask: "file", path: "/etc/a b" }, { ask: "files", pattern: "/sys/*/x" }, { ask: "paths", pattern: "/dev/*" },
      { ask: "package", name: "pve-container" }, { ask: "users", profile: "lxc-a" },
    ];
    expect(encodeRequests(requests).toString()).to.equal("file /etc/a b\nfiles /sys/*/x\npaths /dev/*\npackage pve-container\nusers lxc-a\n");
  });

  for (const bad of ["/a\nfile /etc/shadow", "/a\0", "/a\r", "/a\u0085", "/ü", "/a\u2028", "/a\t"]) {
    it(`of ${JSON.stringify(bad)} are refused, as requests and in steps`, () => {
      expect(() => requestLine({ ask: "file", path: bad })).to.throw(RangeError);
      expect(() => encodeTransaction([{ do: "lock", path: bad }], [], 1)).to.throw(RangeError);
      expect(() => encodeTransaction([{ do: "file", path: bad, before: "", after: "" }], [], 1)).to.throw(RangeError);
      expect(() => encodeTransaction([], [{ ask: "users", profile: bad }], 1)).to.throw(RangeError);
    });
  }
});

describe("a transaction", () => {
  it("is its steps, and the bytes that they refer to", () => {
    const steps: Step[] = [
      { do: "lock", path: "/run/l" }, { do: "unused", profile: "p" }, { do: "file", path: "/a", before: undefined, after: "\n\xff" },
      { do: "file", path: "/b", before: "", after: undefined }, { do: "check", profile: "p" }, { do: "load", profile: "p", path: "/a" }, { do: "loaded", profile: "p" },
    ];
    const encoded = encodeTransaction(steps, [{ ask: "file", path: "/a" }], 7);
    expect(encoded.steps.toString("latin1")).to.equal("lock /run/l 7\nunused p\nfile /a - 2\nfile /b 0 -\ncheck p\nload p /a\nloaded p\nobserve file /a\n");
    expect(encoded.bytes.toString("latin1")).to.equal("\n\xff");
  });
});

describe("answers", () => {
  it("any bytes arrive exactly", () => {
    const answer = fc.tuple(fc.constantFrom("ok", "absent", "denied"), fc.uint8Array());
    fc.assert(
      fc.property(fc.array(answer), fc.uint8Array(), (all, noise) => {
        const output = Buffer.concat([...all.map(([status, body]) => frame(status, Buffer.from(body))), Buffer.from(noise)]);
        const read = decodeAnswers(output, all.length)!;
        expect(read.map(({ status, body }) => [status, [...body]])).to.deep.equal(all.map(([status, body]) => [status, [...body]]));
      }),
    );
  });

  it("cut short anywhere they are none", () => {
    const whole = Buffer.concat([frame("ok", "abc"), frame("absent", ""), frame("ok", "x\ny")]);
    for (let length = 0; length < whole.length; length++) expect(decodeAnswers(whole.subarray(0, length), 3), `${length}`).to.be.undefined;
  });

  for (const garbage of ["Welcome!\nok 0\n", "ok -1\n", "ok 1e3\nx", "ok\n", "OK 0\n", " ok 0\n", "ok 99999999999999999999\nx", "ok 3\nab", "\n", ""]) {
    it(`${JSON.stringify(garbage)} is none`, () => expect(decodeAnswers(Buffer.from(garbage), 1)).to.be.undefined);
  }

  describe("outcomes", () => {
    const refused = (code: string, detail: string, output: string) => ({ refused: { code, detail, output } });
    const cases: [name: string, output: string, counts: number[], outcomes: unknown[]][] = [
      ["done, with an answer", "result 1\ndone\nok 1\nx", [1], [{ done: [ok("x")] }]],
      ["done, with no answer asked for", "result 1\ndone\n", [0], [{ done: [] }]],
      ["done, the answers cut", "result 1\ndone\nok 5\nx", [1], [{ done: undefined }]],
      ["refused, with what a program said", "result 1\nrefused 10 profile-invalid lxc-a\nline 1\n\xc3\xbc\n", [0], [refused("profile-invalid", "lxc-a", "line 1\nü")]],
      ["refused, without", "result 1\nrefused 0 x \n", [0], [refused("x", "", "")]],
      ["as they end", "result 2\ndone\nok 1\nbresult 1\nrefused 0 x y\n", [0, 1], [refused("x", "y", ""), { done: [ok("b")] }]],
      ["one whose answers are cut, and another", "result 1\ndone\nresult 2\ndone\nok 1\nb", [1, 1], [{ done: undefined }, { done: [ok("b")] }]],
      ["before any was looked at", "result 0\nrefused 0 node-failed incomplete\n", [0, 0], Array(2).fill(refused("node-failed", "incomplete", ""))],
      ["one that is missing", "result 2\ndone\n", [0, 0], [undefined, { done: [] }]],
      ["one that was not asked for", "result 3\ndone\n", [0, 0], [undefined, undefined]],
      ...["", "done\n", "result 1\n", "result 1\ndone", "result 1\nrefused\n", "result 1\nrefused 0 x\n", "Last login: …\nresult 1\ndone\n"].map(
        (text): [string, string, number[], unknown[]] => [`${JSON.stringify(text)} is none`, text, [0], [undefined]],
      ),
    ];
    for (const [name, output, counts, outcomes] of cases) {
      it(name, () => expect(decodeOutcomes(Buffer.from(output, "latin1"), counts)).to.deep.equal(outcomes));
    }
  });

  it("transactions by length", () => {
    const [one, two] = [{ steps: Buffer.from("ab\n"), bytes: Buffer.from("c") }, { steps: Buffer.from("d\n"), bytes: Buffer.alloc(0) }];
    expect(encodeTransactions([one, two]).toString()).to.equal("transactions 3 1 2 0\nab\ncd\n");
  });

  it("all files of a pattern, with what else is there", () => {
    const { files, others, whole } = splitAll(Buffer.from("whole\n- /d/x\n3 /d/a b\n0 /d/c\n\nx\ny"));
    expect([files.map(([path, body]) => [path, body.toString()]), others, whole]).to.deep.equal([[["/d/a b", "x\ny"], ["/d/c", ""]], ["/d/x"], true]);
    for (const cut of ["", "whole\n", "whole\n3 /a\n\nxy", "whole\n3 /a\n\nwxyz"]) {
      expect(splitAll(Buffer.from(cut)), JSON.stringify(cut)).to.deep.equal({ files: [], others: [], whole: false });
    }
  });

  it("are found by their question", () => {
    const requests: Request[] = [
      { ask: "file", path: "/a" }, { ask: "file", path: "/none" }, { ask: "paths", pattern: "/d/*" }, { ask: "package", name: "p" }, { ask: "package", name: "q" }, { ask: "file", path: "/secret" },
    ];
    const answers = answersOf(requests, [ok("\xff\n"), { status: "absent", body: Buffer.alloc(0) }, ok("/d/a\n/d/b\n"), ok("1.2\n"), ok(""), { status: "denied", body: Buffer.from("no") }], never);
    expect(answers.file("/a")).to.equal("\xff\n");
    expect(answers.file("/none")).to.be.undefined;
    expect(answers.paths("/d/*")).to.deep.equal(["/d/a", "/d/b"]);
    expect([answers.package("p"), answers.package("q")]).to.deep.equal(["1.2", undefined]);
    expect(() => answers.file("/secret")).to.throw("denied: /secret");
    expect(() => answers.file("/never asked")).to.throw(RangeError, "not asked: file /never asked");
  });

  const listings: [string, string, Record<string, string>][] = [
    ["several", "3 /a\nx\ny0 /b\n2 /c d\n\n\n", { "/a": "x\ny", "/b": "", "/c d": "\n\n" }],
    ["none", "", {}],
    ["garbage", "Welcome!\n", {}],
    ["a head without its line break, which must not be read for ever", "0 /a", {}],
    ["garbage behind", "1 /a\nxgarbage", { "/a": "x" }],
  ];
  for (const [name, body, expected] of listings) {
    it(`files of a pattern: ${name}`, () => {
      expect(answersOf([{ ask: "files", pattern: "/*" }], [ok(body)], never).files("/*")).to.deep.equal(expected);
    });
  }

  it("a lying node can't make the reader throw or run for ever", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("0", "1", "9", " ", "\n", "/", "o", "k") }), (body) => {
        answersOf([{ ask: "files", pattern: "/*" }], [ok(body)], never).files("/*");
        decodeAnswers(Buffer.from(body), 2);
        decodeOutcomes(Buffer.from(`result 1\ndone\n${body}`), [1, 1]);
        splitAll(Buffer.from(`whole\n${body}`));
      }),
    );
  });
});

describe("the node's scripts", () => {
  for (const [name, script] of Object.entries(nodeScripts)) {
    it(`${name} fits into one command, as any SSH server takes it`, () => {
      expect(Buffer.byteLength(script.replaceAll("'", `'\\''`))).to.be.below(32_000);
    });
  }
});
