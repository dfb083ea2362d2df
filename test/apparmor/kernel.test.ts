import { expect } from "chai";
import { expectedMode, loadedMode } from "../../provider/apparmor/kernel.js";

describe("what the kernel has", () => {
  const list = "lxc-a (enforce)\nlxc-a//child (complain)\nlxc-ab (kill)\nlxc b (complain)\nlxc-c (x) (enforce)\nlxc-d (user)\nlxc-e (unconfined)\n";
  const cases: [string, string | undefined][] = [
    ["lxc-a", "enforce"],
    ["lxc-a//child", "complain"],
    ["lxc-ab", "kill"],
    ["lxc b", "complain"],
    ["lxc", undefined],
    ["lxc-", undefined],
    ["lxc-c", undefined],
    ["lxc-c (x)", "enforce"],
    ["lxc-d", "user"],
    ["lxc-e", "unconfined"],
    ["lxc.a", undefined],
    ["", undefined],
  ];
  for (const [name, mode] of cases) it(`${JSON.stringify(name)}: ${mode ?? "not loaded"}`, () => expect(loadedMode(list, name)).to.equal(mode));
  it("an empty list", () => expect(loadedMode("", "lxc-a")).to.be.undefined);
});

describe("the mode that a text asks for", () => {
  const cases: [string, string][] = [
    ["profile lxc-a { }", "enforce"],
    ["profile lxc-a flags=(attach_disconnected,mediate_deleted) { }", "enforce"],
    ["profile lxc-a flags=(complain) { }", "complain"],
    ["profile lxc-a flags=(attach_disconnected, complain) { }", "complain"],
    ["profile lxc-a\n  flags=(\n    complain\n  ) {\n}", "complain"],
    ["profile lxc-a (complain) { }", "complain"],
    ["profile lxc-a flags=(kill) { }", "kill"],
    ["profile lxc-a flags=(unconfined) { }", "unconfined"],
    ["profile lxc-a flags=(prompt) { }", "user"],
    ["# flags=(complain)\nprofile lxc-a { }", "enforce"],
    ["profile lxc-a { # flags=(complain)\n}", "enforce"],
    ["profile lxc-a {\n  profile child flags=(complain) { }\n}", "enforce"],
    ["profile lxc-a flags=(complain) {\n  hat h flags=(enforce) { }\n}", "complain"],
    ["", "enforce"],
  ];
  for (const [text, mode] of cases) it(`${JSON.stringify(text)}: ${mode}`, () => expect(expectedMode(text)).to.equal(mode));
});
