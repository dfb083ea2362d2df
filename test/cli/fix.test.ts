import { expect } from "chai";
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { folder, jsonl, pvePosture } from "./cli.js";

const redundant = `profile a /bin/a {
  # why
  /etc/** r,
  /etc/hosts r, # and this
  /etc/hosts r,
  /srv/x rw,
  /srv/x w,
  deny /y/** rw,
}
`;
const clean = `profile a /bin/a {
  # why
  /etc/** r,
  /srv/x rw,
  deny /y/** rw,
}
`;

describe("pve-posture profile check --fix", () => {
  const files = { redundant, clean, broken: "profile a /bin/a {\n  /etc/** r,\n  /etc/hosts r,\n  /x q,\n}\n" };
  let place: ReturnType<typeof folder>;
  beforeEach(() => (place = folder(files)));
  afterEach(() => place.remove());
  const fix = (...args: string[]) => pvePosture(["profile", "check", "--fix", ...args], { cwd: place.path });
  const text = (name: string) => readFileSync(join(place.path, name), "utf8");

  it("applies what is safe, says so, keeps the mode, and checks again", async () => {
    chmodSync(join(place.path, "redundant"), 0o640);
    const { code, stdout } = await fix("redundant");
    expect(text("redundant")).to.equal(clean);
    expect(statSync(join(place.path, "redundant")).mode & 0o7777).to.equal(0o640);
    expect(stdout.match(/^fixed redundant:\d+: redundant-rule: delete the rule$/gm)).to.have.length(3);
    expect(stdout).to.match(/\n1 file: nothing found\n$/);
    expect(code).to.equal(0);
    expect(readdirSync(place.path)).to.have.members(Object.keys(files));
  });

  it("says it in JSON too", async () => {
    const [report] = jsonl((await fix("--format", "json", "redundant")).stdout);
    expect(report).to.deep.include({ valid: true, findings: [] });
    expect(report.fixed).to.have.length(3);
    expect(report.fixed[0]).to.have.all.keys("code", "line", "title");
  });

  it("writes nothing where there is nothing to do", async () => {
    const before = statSync(join(place.path, "clean")).ino;
    expect(await fix("clean")).to.include({ code: 0, stdout: "1 file: nothing found\n" });
    expect(statSync(join(place.path, "clean")).ino).to.equal(before);
  });

  it("leaves invalid files and ignored findings alone", async () => {
    expect((await fix("broken")).code).to.equal(2);
    expect(text("broken")).to.equal(files.broken);
    expect((await fix("--ignore", "redundant-rule", "redundant")).code).to.equal(0);
    expect(text("redundant")).to.equal(redundant);
  });

  it("changes what a link points to, not the link", async () => {
    symlinkSync("redundant", join(place.path, "link"));
    await fix("link");
    expect(text("redundant")).to.equal(clean);
  });
});
