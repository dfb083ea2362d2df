import { expect } from "chai";
import fc from "fast-check";
import { shown } from "../../provider/container/shown.js";

describe("what is shown of a line", () => {
  const cases: [text: string, shown: string, hidden: string][] = [
    ["lxc.apparmor.profile: lxc-a", "lxc.apparmor.profile: lxc-a", "lxc.apparmor.profile: (secret)"],
    ["lxc.cap.drop = sys_module", "lxc.cap.drop = sys_module", "lxc.cap.drop: (secret)"],
    ["dev0: /dev/x,mode=0666", "dev0: /dev/x,mode=0666", "dev0: (secret)"],
    ["features: nesting=1", "features: nesting=1", "features: (secret)"],
    ["IN ACCEPT -p tcp # hunter2", "IN ACCEPT -p tcp # hunter2", "(secret)"],
    ["[RULES]", "[RULES]", "(secret)"],
    ["enable: 1", "enable: 1", "enable: (secret)"],
    ["lxc.environment: A=hunter2", "lxc.environment: (not shown)", "lxc.environment: (secret)"],
    ["lxc.environment.runtime = A=hunter2", "lxc.environment.runtime: (not shown)", "lxc.environment.runtime: (secret)"],
    ["lxc.hook.start: /x hunter2", "lxc.hook.start: (not shown)", "lxc.hook.start: (secret)"],
    [Buffer.from("IN DROP # für", "utf8").toString("latin1"), "IN DROP # für", "(secret)"],
  ];
  for (const [text, plain, hidden] of cases) {
    it(JSON.stringify(text), () => {
      expect(shown(text)).to.equal(plain);
      expect(shown(text, "hidden")).to.equal(hidden);
    });
  }

  it("never a value of the environment, and no value at all when an input is a secret", () => {
    const value = fc.string({ unit: "binary" }).map((text) => `hunter2${text.replace(/\n/g, "")}`);
    const key = fc.constantFrom("lxc.environment", "lxc.environment.runtime", "lxc.environment.x");
    const sign = fc.constantFrom(": ", ":", " = ", "=", "\t= ");
    fc.assert(fc.property(key, sign, value, (key, sign, value) => !shown(key + sign + value).includes("hunter2")));
    const any = fc.constantFrom("lxc.idmap", "features", "dev0", "lxc.environment", "IN DROP #", "[RULES]", "");
    fc.assert(fc.property(any, sign, value, (key, sign, value) => !shown(key + sign + value, "hidden").includes("hunter2")));
  });
});
