import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { parseConf, printConf } from "../../../provider/container/reading/document.js";
import { readConf } from "../../../provider/container/reading/pve.js";
import { rewriteConf } from "../../../provider/container/reading/rewrite.js";
import { showConf } from "../../../provider/container/reading/show.js";

/** What Proxmox VE itself (pve-container 6.1.10) made of generated files. */
interface Golden {
  conf: string;
  parsed: object;
  rewritten: string;
  warnings: string[];
}

const file = "../shared/corpus/pve-config/golden.json";
const latin = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

describe("the reading of Proxmox VE, against itself", () => {
  let corpus: Golden[] = [];
  before(function () {
    if (!existsSync(file)) {
      console.log(`      ${file} is not here`);
      return this.skip();
    }
    corpus = JSON.parse(readFileSync(file, "utf8")) as Golden[];
    expect(corpus).to.have.length(320);
  });

  it("every byte is printed again", () => {
    for (const { conf } of corpus) expect(printConf(parseConf(latin(conf)))).to.equal(latin(conf));
  });

  it("properties, raw lines, pending changes, snapshots and descriptions are the same", () => {
    for (const { conf, parsed } of corpus) expect(showConf(latin(conf)), conf).to.deep.equal(parsed);
  });

  it("the warnings are the same, word for word", () => {
    let warnings = 0;
    for (const golden of corpus) {
      const said = readConf(latin(golden.conf)).notes.flatMap(({ said }) =>
        said === undefined ? [] : [`vm 951 - ${said}`.replace(/\r$/, "")],
      );
      expect(said, golden.conf).to.deep.equal(golden.warnings);
      warnings += said.length;
    }
    expect(warnings).to.be.above(500);
  });

  it("what it would write back is the same, byte for byte", () => {
    for (const { conf, rewritten } of corpus) expect(rewriteConf(readConf(latin(conf)).conf), conf).to.equal(latin(rewritten));
  });
});
