import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { file, profile, profileFile, toText } from "../../../provider/apparmor/build/index.js";
import { AppArmorProfile, type AppArmorProfileArgs } from "../../../provider/resources/apparmor-profile.js";

describe("AppArmorProfile", () => {
  const built = profileFile({ abi: "abi/4.0" }, profile("lxc-x", [file("/a", "r")]));
  const given: [string, AppArmorProfileArgs["profile"]][] = [
    ["text", toText(built)],
    ["a built profile", built],
    ["a promise of one", Promise.resolve(built)],
    ["an output of one", pulumi.output(built)],
  ];
  for (const [what, value] of given) {
    it(`takes ${what}, and gives the engine its text`, async () => {
      let seen: unknown;
      await pulumi.runtime.setMocks({
        newResource: ({ name, inputs }) => {
          seen = (inputs as { profile: unknown }).profile;
          return { id: name, state: inputs as object };
        },
        call: () => ({}),
      });
      const resource = new AppArmorProfile("x", { node: "pve", name: "lxc-x", profile: value });
      await new Promise((done) => resource.id.apply(done));
      expect(seen).to.equal("abi <abi/4.0>,\n\nprofile lxc-x {\n  /a r,\n}\n");
    });
  }
});
