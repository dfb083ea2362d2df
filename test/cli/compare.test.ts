import { expect } from "chai";
import { folder, jsonl, pvePosture } from "./cli.js";

describe("pve-posture profile compare", () => {
  const place = folder({
    old: "profile lxc-a {\n  /mnt/shared/** rw,\n  capability chown,\n}\n",
    same: "# the same\nprofile lxc-a {\n  capability chown,\n  /mnt/shared/** wr,\n}\n",
    tighter: "profile lxc-a {\n  /mnt/shared/** rw,\n  audit deny /mnt/shared/secret/** w,\n  capability chown,\n}\n",
    complain: "profile lxc-a flags=(complain) {\n  /mnt/shared/** rw,\n  capability chown,\n}\n",
    renamed: "profile lxc-b {\n}\n",
    broken: "profile lxc-a {\n",
  });
  after(place.remove);
  const compare = (args: string[], input?: string) => pvePosture(["profile", "compare", ...args], { cwd: place.path, input });

  const relations: [a: string, b: string, relation: string, code: number][] = [
    ["old", "old", "equal", 0],
    ["old", "same", "equal", 0],
    ["old", "tighter", "tighter", 1],
    ["tighter", "old", "wider", 1],
    ["old", "complain", "both", 1],
    ["old", "renamed", "both", 1],
  ];
  for (const [a, b, relation, code] of relations) {
    it(`calls ${b} ${relation}, seen from ${a}`, async () => {
      const text = await compare([a, b]);
      expect(text).to.include({ code, stderr: "" });
      expect(text.stdout).to.match(new RegExp(`^${relation}: `));
      const json = await compare(["--format", "json", a, b]);
      expect(json.code).to.equal(code);
      expect(jsonl(json.stdout)[0]).to.have.property("relation", relation);
    });
  }

  it("gives an example, and the rules behind it", async () => {
    const [{ classes, witnesses }] = jsonl((await compare(["--format", "json", "old", "tighter"])).stdout);
    expect(classes).to.deep.equal({ file: "tighter" });
    const denied = witnesses.find(({ change }: { change: string }) => change === "denies");
    expect(denied).to.deep.include({
      profile: "lxc-a",
      class: "file",
      a: [{ file: "old", line: 2, column: 3, text: "/mnt/shared/** rw," }],
    });
    expect(denied.b).to.deep.include({
      file: "tighter",
      line: 3,
      column: 3,
      text: "audit deny /mnt/shared/secret/** w,",
    });
    expect(denied.access.path).to.match(/^\/mnt\/shared\/secret\/./);
    const { stdout } = await compare(["old", "tighter"]);
    expect(stdout).to.contain("first:   old:2: /mnt/shared/** rw,").and.contain("tighter:3: audit deny /mnt/shared/secret/** w,");
  });

  it("says what else differs", async () => {
    expect((await compare(["old", "complain"])).stdout).to.contain("mode: enforce in the first, complain in the second");
    const { stdout } = await compare(["old", "renamed"]);
    expect(stdout).to.contain("profile lxc-a: only the first has it").and.contain("profile lxc-b: only the second has it");
  });

  it("reads one of them from standard input", async () => {
    expect(await compare(["-", "old"], "profile lxc-a {\n  capability chown,\n  /mnt/shared/** rw,\n}\n")).to.include({ code: 0 });
  });

  const refused: [args: string[], said: RegExp][] = [
    [["old", "broken"], /^broken:1:\d+: error /],
    [["old", "nowhere"], /nowhere: no such file/],
    [["old"], /it takes two files/],
    [[], /it takes two files/],
    [["-", "-"], /only one of the two/],
    [["--jsonl", "old", "same"], /takes no files/],
  ];
  for (const [args, said] of refused) {
    it(`refuses: profile compare ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await compare(args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr)
        .to.match(said)
        .and.not.match(/^ +at /m);
    });
  }
});
