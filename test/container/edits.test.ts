import { expect } from "chai";
import fc from "fast-check";
import { parseConf } from "../../provider/container/conf.js";
import type { Family } from "../../provider/container/families.js";
import { joinLines } from "../../provider/container/lines.js";
import { readConf } from "../../provider/container/reading/pve.js";
import { lxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { conf, patience, runs } from "./reading/files.js";
import { declarations, families, Walk } from "./walk.js";

describe("the files and declarations of these properties", () => {
  const some = fc.sample(conf, { numRuns: 5000, seed: 1 });
  const keys = (text: string) => parseConf(text).sections[0]!.lines.flatMap(({ read }) => (read.kind === "raw" || read.kind === "property" ? [read.key] : []));
  const sections = (kind: string) => (text: string) => parseConf(text).sections.filter((section) => section.kind === kind).length;
  const cases: [name: string, has: (text: string) => boolean][] = [
    ["only line feeds", (text) => text.includes("\n") && !text.includes("\r")],
    ["only carriage returns with them", (text) => /\n/.test(text) && !/(?<!\r)\n/.test(text)],
    ["both", (text) => /\r\n/.test(text) && /(?<!\r)\n/.test(text)],
    ["a last line that is not ended", (text) => /[^\n]$/.test(text)],
    ["lines that can't be parsed", (text) => readConf(text).notes.some(({ kind }) => kind === "unparsable")],
    ["a key twice", (text) => new Set(keys(text)).size < keys(text).length],
    ["pending changes", (text) => sections("pending")(text) > 0],
    ["several snapshots", (text) => sections("snapshot")(text) > 1],
    ["bytes that are no UTF-8", (text) => Buffer.from(text, "latin1").toString("utf8").includes("\ufffd")],
    ["NUL", (text) => text.includes("\0")],
    ["a huge line", (text) => text.split("\n").some((line) => line.length >= 70_000)],
    ["nothing", (text) => text === ""],
  ];
  for (const [name, has] of cases) it(`hold ${name}`, () => expect(some.filter(has)).to.have.length.above(9));

  it("are such as the schema takes", () => {
    for (const inputs of fc.sample(declarations, 500)) lxcContainerSecurityInputs.parse({ node: "pve", vmid: 951, ...inputs });
  });
});

/** The lines of these families, and the bytes of all others. */
function partsOf(text: string, families: Family[]): { own: string[]; others: string } {
  const { main, rest } = parseConf(text);
  const own = new Set(main.filter((line) => families.some(({ has }) => has(line.text))));
  return { own: [...own].map((line) => line.text), others: joinLines([...main.filter((line) => !own.has(line)), ...rest]) };
}

/** What is left when each `+ x` is taken away with one `- x`. */
function unpaired(signed: string[]): string[] {
  const sums = new Map<string, number>();
  for (const one of signed) sums.set(one.slice(2), (sums.get(one.slice(2)) ?? 0) + (one.startsWith("+") ? 1 : -1));
  return [...sums].flatMap(([line, sum]) => (sum === 0 ? [] : [line]));
}

describe("properties of an edit", function () {
  this.timeout(patience);

  it("no byte changes outside its lines, none of pending changes and snapshots; a second one changes nothing", () => {
    fc.assert(
      fc.property(conf, declarations, (text, inputs) => {
        const walk = new Walk();
        const { after, changes } = walk.change(text, inputs);
        const ours = families(inputs);
        const [before, now] = [partsOf(text, ours), partsOf(after, ours)];
        // a last line that was not ended may be by now
        const ended = before.others.endsWith("\n") ? before.others : `${before.others}\n`;
        if (now.others !== before.others) expect(now.others).to.equal(ended);
        const { rest } = parseConf(text);
        if (rest.length > 0) expect(parseConf(after).rest).to.deep.equal(rest);
        const signed = (sign: string, lines: string[]) => lines.map((line) => `${sign} ${line}`);
        const net = [...signed("-", now.own), ...signed("+", before.own), ...changes.map(({ sign, text: line }) => `${sign} ${line}`)];
        expect(unpaired(net), "every line of ours that comes or goes is said").to.deep.equal([]);

        for (const resource of [walk, new Walk()]) {
          const again = resource.change(after, inputs);
          if (again.after !== after || again.changes.length > 0) expect(again).to.deep.equal({ after, changes: [] });
        }
      }),
      runs,
    );
  });
});
