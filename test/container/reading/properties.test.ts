import { expect } from "chai";
import fc from "fast-check";
import { declare, giveBack } from "../../../provider/container/families.js";
import { confLayout } from "../../../provider/container/layout.js";
import { emptyLedger } from "../../../provider/container/ledger.js";
import { familiesOf } from "../../../provider/container/posture.js";
import { checkConf } from "../../../provider/container/reading/check/index.js";
import { parseConf, printConf } from "../../../provider/container/reading/document.js";
import { applyEdits, editsOf } from "../../../provider/container/reading/edits.js";
import { readConf, type PveConf, type PveSection } from "../../../provider/container/reading/pve.js";
import { rewriteConf } from "../../../provider/container/reading/rewrite.js";
import { showConf } from "../../../provider/container/reading/show.js";
import { bytes, conf, runs } from "./files.js";

const any = fc.oneof(bytes, conf);

const posture = fc.subarray([
  "features: nesting=1",
  "lxc.apparmor.profile: lxc-a",
  "lxc.idmap: u 0 100000 65536",
  "lxc.cgroup2.devices.deny: a",
  "lxc.cgroup2.devices.allow: c 195:* rwm",
  "lxc.cap.drop: sys_module",
  "lxc.prlimit.nofile: 1024",
]);

/** Without what is no posture: descriptions end where their last line does, and variables are cut at NUL. */
function postureOf({ main, pending, snapshots }: PveConf): object {
  const of = (section: PveSection) =>
    Object.fromEntries(Object.entries(section).filter(([key]) => key !== "description" && key !== "env" && !key.startsWith("unused")));
  return { main: of(main), pending: of(pending), snapshots: new Map([...snapshots].map(([name, section]) => [name, of(section)])) };
}

describe("properties of the reading", function () {
  this.timeout(Math.max(60_000, runs.numRuns * 10));

  it("printing what was parsed is the identity, on any bytes", () => {
    fc.assert(
      fc.property(any, (text) => {
        expect(printConf(parseConf(text))).to.equal(text);
      }),
      runs,
    );
  });

  it("every line is in one section, at its place", () => {
    fc.assert(
      fc.property(any, (text) => {
        const lines = parseConf(text).sections.flatMap((section) => section.lines);
        lines.forEach(({ number, offset, text: own, eol }, index) => {
          expect(number).to.equal(index + 1);
          expect(text.slice(offset, offset + own.length + eol.length)).to.equal(own + eol);
        });
        expect(lines.map(({ text, eol }) => text + eol).join("")).to.equal(text);
      }),
      runs,
    );
  });

  it("whatever stands there is read, shown and checked without an error", () => {
    fc.assert(
      fc.property(any, (text) => {
        expect(() => JSON.stringify(showConf(text))).not.to.throw();
        const count = text.split("\n").length;
        for (const { line, message, hint } of checkConf(text)) {
          expect(line).to.be.within(1, count);
          expect(message + hint).not.to.match(/undefined|\[object Object/);
        }
      }),
      runs,
    );
  });

  it("the posture is the same before Proxmox VE rewrites the file and after", () => {
    fc.assert(
      fc.property(any, (text) => {
        const before = readConf(text).conf;
        const after = readConf(rewriteConf(before)).conf;
        expect(postureOf(after)).to.deep.equal(postureOf(before));
      }),
      runs,
    );
  });

  it("Proxmox VE drops nothing of what it has written, and writes the same again", () => {
    fc.assert(
      fc.property(any, (text) => {
        const once = rewriteConf(readConf(text).conf);
        const again = readConf(once);
        const kept = new Set(["deprecated-raw-key", "unknown-property", "invalid-value"]);
        expect(again.notes.filter(({ kind }) => !kept.has(kind))).to.deep.equal([]);
        // variables that are empty go one rewrite later
        if (/^(?:env:|lxc\.environment\.runtime)/m.test(text)) return;
        const twice = rewriteConf(again.conf);
        expect(rewriteConf(readConf(twice).conf)).to.equal(twice);
      }),
      runs,
    );
  });
});

describe("properties of edits", function () {
  this.timeout(Math.max(60_000, runs.numRuns * 10));

  it("applied, they give the other text; between equal texts there are none", () => {
    fc.assert(
      fc.property(any, any, (before, after) => {
        expect(applyEdits(before, editsOf(before, after))).to.equal(after);
        expect(editsOf(before, before)).to.deep.equal([]);
      }),
      runs,
    );
  });

  it("they touch no byte outside of their lines: those that go are ours to remove, those that come are declared", () => {
    fc.assert(
      fc.property(conf, posture, (text, lines) => {
        const { main, rest } = parseConf(text);
        const families = familiesOf(lines);
        const result = declare(main, families, [], emptyLedger(), confLayout);
        const after = printConf({ main: result.lines, rest });
        const edits = editsOf(text, after);
        const end = printConf({ main, rest: [] }).length;
        const gone = result.changes.filter(({ sign }) => sign === "-").map((change) => change.text);
        const came = result.changes.filter(({ sign }) => sign === "+").map((change) => change.text);
        edits.forEach(({ offset, length, content }, index) => {
          expect(offset + length, "of the main section").to.be.at.most(end);
          if (index > 0) expect(offset, "in order, apart").to.be.above(edits[index - 1]!.offset + edits[index - 1]!.length);
          for (const line of text.slice(offset, offset + length).split("\n")) if (line !== "") expect(gone).to.include(line);
          for (const line of content.split("\n")) if (line !== "") expect(came).to.include(line);
        });
        expect(applyEdits(text, edits)).to.equal(after);
        expect(parseConf(after).rest, "pending changes and snapshots").to.deep.equal(rest);
        const back = giveBack(result.lines, families, result.ledger, confLayout);
        expect(printConf({ main: back.lines, rest }), "given back").to.equal(text);
      }),
      runs,
    );
  });

  it("pending changes and snapshots are read the same after an edit", () => {
    fc.assert(
      fc.property(conf, posture, (text, lines) => {
        const { main, rest } = parseConf(text);
        const after = printConf({ main: declare(main, familiesOf(lines), [], emptyLedger(), confLayout).lines, rest });
        const [before, now] = [readConf(text).conf, readConf(after).conf];
        expect(now.pending).to.deep.equal(before.pending);
        expect(now.snapshots).to.deep.equal(before.snapshots);
      }),
      runs,
    );
  });

  it("what Proxmox VE makes of a declared posture is no drift: declaring it again changes nothing", () => {
    fc.assert(
      fc.property(conf, posture, (text, lines) => {
        const { main, rest } = parseConf(text);
        const families = familiesOf(lines);
        const result = declare(main, families, [], emptyLedger(), confLayout);
        const rewritten = rewriteConf(readConf(printConf({ main: result.lines, rest })).conf);
        const again = declare(parseConf(rewritten).main, families, families, result.ledger, confLayout);
        expect(again.changes).to.deep.equal([]);
      }),
      runs,
    );
  });
});
