import { expect } from "chai";
import fc from "fast-check";
import { defaultLines } from "../../../provider/devices/cgroup2/defaults.js";
import { deviceFindings } from "../../../provider/devices/cgroup2/findings.js";
import { anyLines, lines, permitted, patience, runs } from "./rules.js";

const nvidia = { path: "/dev/nvidia0", type: "c" as const, major: 195, minor: 0, access: "rw" };

describe("what is wrong with lines of devices", () => {
  const cases: [string, string[]][] = [
    ["", []],
    ["deny a, allow c 195:* rwm", []],
    ["allow a, deny c 195:* rwm", []],
    ["allow c 195 rwm", ["0 refused: LXC would not start the container: `c 195 rwm` is no rule: write <a|b|c> <major>:<minor> <rwm>, one blank apart"]],
    ["allow c 1:3 rwm, deny a, allow c 1:5 r", ["0 forgotten: `allow c 1:3 rwm` is forgotten: `deny a` behind it makes LXC forget every rule before it"]],
    ["deny a, allow c 1:3 r, allow, allow c 1:5 r", ["1 cleared: `allow c 1:3 r` is forgotten: the line without a value behind it clears all of allow"]],
    ["deny a, allow c 1:5 r, allow c 1:3 rwm, deny c 1:3 rwm", ["2 taken-back: `allow c 1:3 rwm` is taken back by `deny c 1:3 rwm` behind it"]],
    ["deny a, allow c 1:3 rwm, allow c 1:3 rwm", ["2 repeats: `allow c 1:3 rwm` says again what `allow c 1:3 rwm` says"]],
    ["deny a, allow c 195:* rwm, allow c 195:0 rw", ["2 covered: `allow c 195:0 rw` adds nothing: `allow c 195:* rwm` covers it"]],
    ["deny a, allow c 195:0 rw, allow c 195:* rwm", ["1 covered: `allow c 195:0 rw` adds nothing: `allow c 195:* rwm` covers it"]],
    ["deny a, allow c 195:0 rw, allow c 195:0 wr", ["2 covered: `allow c 195:0 wr` adds nothing: `allow c 195:0 rw` covers it"]],
    ["allow a, allow c 195:* rwm", ["1 idle: `allow c 195:* rwm` does nothing: all devices are allowed, no `deny a` stands before it"]],
    ["deny a, allow c 1:3 r, deny c 195:* rwm", ["2 idle: `deny c 195:* rwm` does nothing: all that is not allowed is denied"]],
    [
      "deny a, allow c 195:* rwm, deny c 195:0 rw",
      ["2 still-allowed: `deny c 195:0 rw` does nothing against `allow c 195:* rwm`: LXC takes back only a rule that is written alike, and c 195:0 rw stays allowed. Narrow the allow rule"],
    ],
    [
      "allow a, deny c 1:3 w",
      ["1 half-denied: `deny c 1:3 w` denies opening for writing alone: LXC compares all that is asked for at once, and opening for both stays allowed. Deny rw"],
    ],
    ["deny a", ["0 no-filter: `deny a` denies nothing: LXC sets a filter only where a rule is left, and none stands behind it. Allow what is needed"]],
    ["deny a, allow a", []],
  ];
  for (const [text, expected] of cases) {
    it(text || "none", () => expect(deviceFindings(lines(text)).map(({ finding, index, text: why }) => `${index} ${finding}: ${why}`)).to.deep.equal(expected));
  }

  const devices: [string, boolean, string[]][] = [
    ["", true, []],
    ["", false, ["/dev/nvidia0 can't be used: no rule allows `c 195:0 rw`, and the others are denied"]],
    ["allow c 195:* rw", false, []],
    ["deny a, allow c 1:3 rwm", true, ["/dev/nvidia0 can't be used: no rule allows `c 195:0 rw`, and the others are denied"]],
    ["deny c 195:0 rw", true, ["/dev/nvidia0 can't be used: a rule denies `c 195:0 rw`, or a part of it"]],
  ];
  for (const [text, unprivileged, expected] of devices) {
    it(`a declared GPU under ${text || "nothing"} in ${unprivileged ? "an unprivileged" : "a privileged"} container`, () => {
      const found = deviceFindings(lines(text), { defaults: defaultLines(unprivileged), needed: [nvidia] });
      expect(found.filter(({ finding }) => finding === "device-denied").map((one) => one.text)).to.deep.equal(expected);
    });
  }

  it("says nothing of LXC's own defaults, and measures against them", () => {
    expect(deviceFindings([], { defaults: defaultLines(false) })).to.deep.equal([]);
    const kinds = (text: string, unprivileged: boolean) => deviceFindings(lines(text), { defaults: defaultLines(unprivileged) }).map(({ finding, index }) => `${index} ${finding}`);
    expect(kinds("allow c 1:3 rwm, allow c 1:3 r", false)).to.deep.equal(["0 repeats", "1 covered"]);
    expect(kinds("allow c 195:* rwm", true)).to.deep.equal(["0 idle"]);
  });

  it("what is forgotten, repeated, covered or idle can go without a difference", () => {
    const needless = new Set(["cleared", "forgotten", "covered", "repeats"]);
    fc.assert(
      fc.property(anyLines, (all) => {
        const needed = all.filter(({ value }) => !value.startsWith("/"));
        for (const { finding, index } of deviceFindings(needed)) {
          if (needless.has(finding)) expect(permitted(needed.toSpliced(index!, 1)), `${finding} ${index}`).to.equal(permitted(needed));
        }
      }),
      runs,
    );
  }).timeout(patience);
});
