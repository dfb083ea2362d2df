import { expect } from "chai";
import { parseConf, printConf } from "../../../provider/container/reading/document.js";
import { readConf } from "../../../provider/container/reading/pve.js";
import { rewriteConf } from "../../../provider/container/reading/rewrite.js";
import { showConf } from "../../../provider/container/reading/show.js";
import { fromBytes } from "../../../provider/bytes.js";
import { fixtures } from "../../fixtures/conf/index.js";

const latin = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

describe("the reading of Proxmox VE", () => {
  it("has 60 fixtures at least, each of another name", () => {
    const names = Object.values(fixtures).flatMap((group) => group.map(({ name }) => name));
    expect(names).to.have.length.above(60);
    expect(new Set(names).size).to.equal(names.length);
  });

  for (const [group, cases] of Object.entries(fixtures)) {
    describe(group, () => {
      for (const { name, conf, parsed, rewritten = conf, notes = [] } of cases) {
        it(name, () => {
          const text = latin(conf);
          const reading = readConf(text);
          expect(printConf(parseConf(text)), "printed").to.equal(text);
          expect(showConf(text), "read").to.deep.equal({ pending: {}, snapshots: {}, ...parsed });
          const said = reading.notes.map(({ line, kind, said }) => (said === undefined ? [line, kind] : [line, kind, fromBytes(said)]));
          expect(said, "notes").to.deep.equal(notes);
          expect(rewriteConf(reading.conf), "written back").to.equal(latin(rewritten));
          expect(rewriteConf(readConf(latin(rewritten)).conf), "written back again").to.equal(latin(rewritten));
        });
      }
    });
  }
});
