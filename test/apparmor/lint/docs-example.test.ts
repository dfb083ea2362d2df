import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import * as apparmor from "../../../provider/apparmor/build/index.js";
import { check } from "../../../provider/apparmor/check/index.js";
import { lint, type Finding } from "../../../provider/apparmor/lint/index.js";
import { includesFrom } from "../../../provider/cli/includes.js";
import { compilerFor } from "../../support/compilers.js";

const page = (name: string): string => readFileSync(join(__dirname, "../../../docs", name), "utf8");

/** The text of the profile that the page's first program gives to its resource. */
function example(): string {
  const [, program] = /```ts\nimport \{ apparmor, AppArmorProfile \} from "pve-posture";\n(.*?)```/s.exec(page("profiles.md"))!;
  const made: apparmor.ProfileFile[] = [];
  class AppArmorProfile {
    constructor(_name: string, { profile }: { profile: apparmor.ProfileFile }) {
      made.push(profile);
    }
  }
  // the page's program, as it stands
  new Function("apparmor", "AppArmorProfile", program!)(apparmor, AppArmorProfile);
  expect(made).to.have.lengthOf(1);
  return apparmor.toText(made[0]!);
}

describe("docs/profiles.md: its example", function () {
  this.timeout(60_000);
  const found = (profiles: string, text = example()): Finding[] => {
    const { resolved, diagnostics } = check(text, { file: "lxc-web", include: includesFrom([profiles]) });
    expect(diagnostics).to.deep.equal([]);
    return lint(resolved);
  };

  it("compiles, and has the notes that the page names", async function () {
    const compiler = compilerFor("4.1", this);
    expect(await compiler.policy(example())).to.be.a("string");
    const notes = found(compiler.profiles);
    expect(notes.map(({ code, severity }) => `${severity} ${code}`)).to.deep.equal(["info file-unrestricted", "info all-capabilities"]);
    expect(notes[1]!.hint).to.equal("deny what is not needed: deny capability sys_boot,");
  });

  it("confines the share", function () {
    const { profiles } = compilerFor("4.1", this);
    const shares = (text: string): string[] => found(profiles, text).flatMap(({ code }) => (code === "whole-share-writable" ? code : []));
    const wide = "abi <abi/3.0>,\ninclude <tunables/global>\nprofile lxc-web {\n  include <abstractions/lxc/container-base>\n  /mnt/shared/** rw,\n}\n";
    expect(shares(wide)).to.have.lengthOf(1);
    const denies = example().match(/^.*deny \/mnt\/shared.*$/gm)!.join("\n");
    expect(shares(wide.replace("}\n", `${denies}\n}\n`))).to.deep.equal([]);
  });
});

describe("docs/findings: the denies that confine writes", () => {
  const pages: [name: string, tree: string, listed: apparmor.Listed[]][] = [
    ["file-unrestricted", "/srv", [{ path: "www/**", permissions: "r" }]],
    ["whole-share-writable", "/mnt/shared", [{ path: "models/**", permissions: "rw" }]],
  ];
  for (const [name, tree, listed] of pages)
    it(name, () => {
      const text = apparmor.toText(apparmor.profile("x", [apparmor.confine(tree, listed)]));
      const denies = text.match(/audit deny .*/g)!;
      expect(denies).to.have.lengthOf(3);
      for (const deny of denies) expect(page(`findings/${name}.md`).split("\n")).to.include(deny);
    });
});
