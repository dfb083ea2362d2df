import { expect } from "chai";
import fc from "fast-check";
import { readConf } from "../../provider/container/reading/pve.js";
import { rewriteConf } from "../../provider/container/reading/rewrite.js";
import { conf, patience, runs } from "./reading/files.js";
import { declarations, Walk } from "./walk.js";

const rewritten = (text: string): string => rewriteConf(readConf(text).conf);

describe("properties of giving back", function () {
  this.timeout(patience);

  it("every byte is as before, however often the declaration changed; after Proxmox VE has rewritten it, every raw line", () => {
    const raw = (text: string) => (readConf(text).conf.main.lxc ?? []).map((pair) => pair.join(": ")).sort().join("\n");
    // to and fro, as what is found, displaced and found again is where a ledger may lose count
    const steps = fc.array(fc.record({ which: fc.nat(1), rewrites: fc.constantFrom(false, false, true) }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(conf, fc.tuple(declarations, declarations), steps, (text, two, all) => {
        const walk = new Walk();
        const last = all.reduce((current, { which, rewrites }) => {
          const declared = walk.up(current, two[which]!);
          return rewrites ? rewritten(declared) : declared;
        }, text);
        const end = walk.destroy(last);
        if (all.some(({ rewrites }) => rewrites)) expect(raw(end)).to.equal(raw(text));
        else expect(end).to.equal(text);
      }),
      runs,
    );
  });
});
