import { expect } from "chai";
import fc from "fast-check";
import { existsSync, readFileSync } from "node:fs";
import { toBytes } from "../../provider/bytes.js";
import { confLayout } from "../../provider/container/layout.js";
import { readConf } from "../../provider/container/reading/pve.js";
import { rewriteConf } from "../../provider/container/reading/rewrite.js";
import { conf, patience, runs } from "./reading/files.js";
import { declarations, Walk, type Declared } from "./walk.js";

const golden = "../shared/corpus/pve-config/golden.json";
const rewritten = (text: string): string => rewriteConf(readConf(text).conf);

/** What declaring would change, in one form for all ways to write a line. */
const differences = (text: string, inputs: Declared): string =>
  new Walk().change(text, inputs).changes.map(({ sign, text: line }) => `${sign}${confLayout.same(line)}`).sort().join("\n");

function expectNoDrift(text: string, inputs: Declared): void {
  const walk = new Walk();
  const after = rewritten(walk.up(text, inputs));
  const again = walk.change(after, inputs);
  if (again.after !== after || again.changes.length > 0) expect(again).to.deep.equal({ after, changes: [] });
}

describe("properties of a file that Proxmox VE rewrites", function () {
  this.timeout(patience);

  it("what differs from a declaration is the same before and after", () => {
    fc.assert(
      fc.property(conf, declarations, (text, inputs) => {
        expect(differences(rewritten(text), inputs)).to.equal(differences(text, inputs));
      }),
      runs,
    );
  });

  it("what was declared is no drift after it", () => {
    fc.assert(fc.property(conf, declarations, expectNoDrift), runs);
  });

  it("neither is it in what Proxmox VE itself has rewritten", function () {
    if (!existsSync(golden)) {
      console.log(`      ${golden} is not here`);
      return this.skip();
    }
    const corpus = JSON.parse(readFileSync(golden, "utf8")) as { conf: string; rewritten: string }[];
    for (const one of corpus) {
      for (const inputs of fc.sample(declarations, 5)) {
        expect(differences(toBytes(one.rewritten), inputs), one.conf).to.equal(differences(toBytes(one.conf), inputs));
        expectNoDrift(toBytes(one.conf), inputs);
      }
    }
  });
});
