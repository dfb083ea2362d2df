import { expect } from "chai";
import fc from "fast-check";
import { existsSync, readFileSync } from "node:fs";
import { toBytes } from "../../provider/bytes.js";
import type { Change } from "../../provider/container/editor.js";
import { confLayout } from "../../provider/container/layout.js";
import { readConf } from "../../provider/container/reading/pve.js";
import { rewriteConf } from "../../provider/container/reading/rewrite.js";
import { conf, patience, runs } from "./reading/files.js";
import { declarations, Walk, type Declared } from "./walk.js";

const golden = "../shared/corpus/pve-config/golden.json";
const rewritten = (text: string): string => rewriteConf(readConf(text).conf);

/** What a change comes to, in one form for all ways to write a line. */
const inOneForm = (changes: readonly Change[]): string => changes.map(({ sign, text }) => `${sign}${confLayout.same(text)}`).sort().join("\n");

/** A declaration differs from both files in the same, and what is declared in the first is no drift when that is rewritten. */
function expectNoDrift(text: string, other: string, inputs: Declared): void {
  const walk = new Walk();
  const { after, changes } = walk.change(text, inputs);
  expect(inOneForm(new Walk().change(other, inputs).changes)).to.equal(inOneForm(changes));
  const declared = rewritten(after);
  const again = walk.change(declared, inputs);
  if (again.after !== declared || again.changes.length > 0) expect(again).to.deep.equal({ after: declared, changes: [] });
}

describe("properties of a file that Proxmox VE rewrites", function () {
  this.timeout(patience);

  it("what differs from a declaration is the same before and after; what was declared is no drift", () => {
    fc.assert(
      fc.property(conf, declarations, (text, inputs) => expectNoDrift(text, rewritten(text), inputs)),
      runs,
    );
  });

  it("the same of what Proxmox VE itself has rewritten", function () {
    if (!existsSync(golden)) {
      console.log(`      ${golden} is not here`);
      return this.skip();
    }
    const corpus = JSON.parse(readFileSync(golden, "utf8")) as { conf: string; rewritten: string }[];
    for (const one of corpus) {
      for (const inputs of fc.sample(declarations, 5)) expectNoDrift(toBytes(one.conf), toBytes(one.rewritten), inputs);
    }
  });
});
