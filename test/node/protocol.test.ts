import { expect } from "chai";
import fc from "fast-check";
import {
  answersOf, decodeAnswers, decodeOutcome, encodeRequests, encodeTransaction, requestLine, type Answer,
} from "../../provider/node/protocol.js";
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
  it("is its steps, an empty line, and the bytes that they refer to", () => {
    const steps: Step[] = [
      { do: "lock", path: "/run/l" }, { do: "unused", profile: "p" }, { do: "file", path: "/a", before: undefined, after: "\n\xff" },
      { do: "file", path: "/b", before: "", after: undefined }, { do: "check", profile: "p" }, { do: "load", profile: "p", path: "/a" }, { do: "loaded", profile: "p" },
    ];
    expect(encodeTransaction(steps, [{ ask: "file", path: "/a" }], 7).toString("latin1")).to.equal(
      "bytes 2\nlock /run/l 7\nunused p\nfile /a - 2\nfile /b 0 -\ncheck p\nload p /a\nloaded p\nobserve file /a\n\n\n\xff",
    );
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

  it("an outcome is done, refused, or neither", () => {
    const asked: Request[] = [{ ask: "file", path: "/a" }];
    expect(decodeOutcome(Buffer.concat([Buffer.from("done\n"), frame("ok", "x")]), asked)).to.have.length(1);
    expect(decodeOutcome(Buffer.from("done\n"), [])).to.deep.equal([]);
    expect(decodeOutcome(Buffer.from("refused profile-invalid lxc-a\nline 1\nü\n"), asked)).to.deep.equal({ code: "profile-invalid", detail: "lxc-a", output: "line 1\nü" });
    expect(decodeOutcome(Buffer.from("refused x \n"), asked)).to.deep.equal({ code: "x", detail: "", output: "" });
    for (const neither of ["", "done", "done\n", "done\nok 5\nx", "refused\n", "refused x\n", "Last login: …\ndone\n"]) {
      expect(decodeOutcome(Buffer.from(neither), asked), neither).to.be.undefined;
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
        decodeOutcome(Buffer.from(`done\n${body}`), [{ ask: "file", path: "/a" }]);
      }),
    );
  });
});
