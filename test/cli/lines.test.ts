import { expect } from "chai";
import fc from "fast-check";
import { jsonLines, type JsonLine } from "../../provider/cli/lines.js";

/** The lines of a text that arrives in pieces of these sizes, over and over. */
async function read(text: string | Buffer, sizes: number[] = [1 << 16]): Promise<JsonLine[]> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = sizes[turn % sizes.length]!;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  const lines: JsonLine[] = [];
  for await (const line of jsonLines(pieces())) lines.push(line);
  return lines;
}

describe("JSON Lines", () => {
  it("gives each line's value and number", async () => {
    expect(await read('{"a":1}\n\n  \r\n[2]\r\n"last"')).to.deep.equal([
      { line: 1, value: { a: 1 } },
      { line: 4, value: [2] },
      { line: 5, value: "last" },
    ]);
  });

  it("gives an error for a line that is no JSON or no UTF-8, and goes on", async () => {
    const [first, second, third] = await read(
      Buffer.concat([Buffer.from("{oops\n"), Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from("3\n")]),
    );
    expect(first).to.have.property("line", 1);
    expect(first)
      .to.have.property("error")
      .that.matches(/^not JSON: /);
    expect(second).to.deep.equal({ line: 2, error: "not UTF-8" });
    expect(third).to.deep.equal({ line: 3, value: 3 });
  });

  it("does not depend on how the stream is cut", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme" })),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (values, sizes) => {
          const text = values.map((value) => `${JSON.stringify(value)}\n`).join("");
          expect((await read(text, sizes)).map(({ value }) => value)).to.deep.equal(values);
        },
      ),
      { numRuns: Number(process.env.PVE_POSTURE_FUZZ ?? 500) },
    ));

  it("reads no further than it is asked", async () => {
    let given = 0;
    async function* endless() {
      for (;;) yield Buffer.from(`${given++}\n`);
    }
    for await (const { value } of jsonLines(endless())) if (value === 3) break;
    expect(given).to.be.at.most(5);
  });
});
