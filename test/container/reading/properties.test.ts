import { expect } from "chai";
import fc from "fast-check";
import { checkConf } from "../../../provider/container/reading/check/index.js";
import { parseConf, printConf } from "../../../provider/container/reading/document.js";
import { applyEdits, editsOf } from "../../../provider/container/reading/edits.js";
import { readConf, type PveConf, type PveSection } from "../../../provider/container/reading/pve.js";
import { rewriteConf } from "../../../provider/container/reading/rewrite.js";
import { showConf } from "../../../provider/container/reading/show.js";
import { bytes, conf, patience, runs } from "./files.js";

const any = fc.oneof(bytes, conf);

/** Without what is no posture: descriptions end where their last line does, and variables are cut at NUL. */
function postureOf({ main, pending, snapshots }: PveConf): object {
  const of = (section: PveSection) =>
    Object.fromEntries(Object.entries(section).filter(([key]) => key !== "description" && key !== "env" && !key.startsWith("unused")));
  return { main: of(main), pending: of(pending), snapshots: new Map([...snapshots].map(([name, section]) => [name, of(section)])) };
}

describe("properties of the reading", function () {
  this.timeout(patience);

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
  this.timeout(patience);

  it("applied, they give the other text; between equal texts there are none", () => {
    fc.assert(
      fc.property(any, any, (before, after) => {
        expect(applyEdits(before, editsOf(before, after))).to.equal(after);
        expect(editsOf(before, before)).to.deep.equal([]);
      }),
      runs,
    );
  });
});
