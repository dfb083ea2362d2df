import { expect } from "chai";
import { applyDeviceLines, type Fate } from "../../../provider/devices/cgroup2/apply.js";
import { lines, print } from "./rules.js";

const show = (fate: Fate): string => [fate.fate, "by" in fate ? `by ${fate.by}` : "what" in fate ? `${fate.what}` : ""].join(" ").trim();

describe("lines of devices, applied as LXC does", () => {
  const cases: [string, otherwise: "allow" | "deny", except: string, fates: string][] = [
    ["", "allow", "", ""],
    ["deny a", "allow", "", "resets"],
    ["deny a, allow c 1:3 rwm", "deny", "c 1:3 rwm", "resets; in-force"],
    ["allow c 1:3 rwm", "deny", "c 1:3 rwm", "in-force"],
    ["allow c 1:3 rwm, deny a", "allow", "", "forgotten by 1; resets"],
    ["deny a, allow a", "allow", "", "resets; resets"],
    ["allow a, allow c 1:3 rwm", "allow", "", "resets; idle"],
    ["allow a, deny c 1:3 rwm", "allow", "c 1:3 rwm", "resets; in-force"],
    ["deny a, deny c 1:3 rwm", "deny", "", "resets; idle"],
    ["deny a, allow c 1:3 rwm, deny c 1:3 rwm", "deny", "", "resets; taken-back by 2; takes-back 1"],
    ["deny a, allow c 1:3 rwm, deny c 1:3 mwr", "deny", "c 1:3 rwm", "resets; in-force; idle"],
    ["deny a, allow c 1:* rwm, deny c 1:3 rwm", "deny", "c 1:* rwm", "resets; in-force; idle"],
    ["deny a, allow c 1:3 rwm, deny c 1:3 rwm, allow c 1:3 rwm", "deny", "c 1:3 rwm", "resets; taken-back by 2; takes-back 1; in-force"],
    ["deny a, deny c 1:3 rwm, allow c 1:3 rwm", "deny", "c 1:3 rwm", "resets; idle; in-force"],
    ["allow a, deny c 1:3 rwm, allow c 1:3 rwm", "allow", "", "resets; taken-back by 2; takes-back 1"],
    ["deny a, allow c 1:3 r, allow c 1:3 r", "deny", "c 1:3 r", "resets; in-force; repeats by 1"],
    ["deny a, allow c 1:3 r, allow c 1:3 rr", "deny", "c 1:3 r, c 1:3 r", "resets; in-force; in-force"],
    ["deny a, allow c 1:3 rwm, allow", "allow", "", "resets; cleared by 2; clears"],
    ["deny a, allow c 1:3 rwm, deny", "deny", "c 1:3 rwm", "cleared by 2; in-force; clears"],
    ["allow c 1:3 rwm, allow, allow c 1:5 r", "deny", "c 1:5 r", "cleared by 1; clears; in-force"],
    ["deny a *:* rwm, allow c 1:3 rwm", "deny", "c 1:3 rwm", "idle; in-force"],
    ["allow a, deny a *:* rwm, allow c 1:3 rwm", "allow", "a *:* rwm", "resets; in-force; idle"],
    ["deny a, allow c 195 r", "allow", "", "resets; refused"],
    ["deny a, allow /dev/null rw", "deny", "", "resets; unknown"],
    ["allow /dev/null rw, deny a", "allow", "", "unknown; resets"],
  ];
  for (const [text, otherwise, except, fates] of cases) {
    it(`${text || "none"}: ${fates || "nothing"}`, () => {
      const applied = applyDeviceLines(lines(text));
      expect(applied.otherwise).to.equal(otherwise);
      expect(print(applied.except)).to.equal(except);
      expect(applied.fates.map(show).join("; ")).to.equal(fates);
    });
  }

  it("looks a path up where it can", () => {
    const device = (path: string) => (path === "/dev/null" ? { type: "c" as const, major: 1, minor: 3 } : undefined);
    const applied = applyDeviceLines(lines("deny a, allow /dev/null wr, allow /dev/none r, deny c 1:3 wr"), { device });
    expect(applied.fates.map(show)).to.deep.equal(["resets", "taken-back by 3", "unknown", "takes-back 1"]);
  });
});
