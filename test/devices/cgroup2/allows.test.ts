import { expect } from "chai";
import fc from "fast-check";
import { allows, type DeviceRequest } from "../../../provider/devices/cgroup2/allows.js";
import { readDeviceLine, type DeviceLine } from "../../../provider/devices/cgroup2/line.js";
import { anyLines, everything, hits, lines, permitted, patience, runs, type Asked } from "./rules.js";

const ask = (text: string): DeviceRequest => {
  const [, type, major, minor, access] = /^([bc]) (\d+):(\d+) (\w+)$/.exec(text)!;
  return { type: type as "b" | "c", major: Number(major), minor: Number(minor), access: access! };
};

/** LXC and the kernel by brute force: rules kept in a list, turned round by an equal one, compared one by one. */
function simulate(all: readonly DeviceLine[], asked: Asked): boolean {
  const left = all.filter(({ action, value }, index) => value !== "" && !all.slice(index + 1).some((later) => later.value === "" && later.action === action));
  let denyAll = true;
  let kept: { allow: boolean; value: string }[] = [];
  for (const { action, value } of left) {
    const allow = action === "allow";
    if (value === "a") [denyAll, kept] = [!allow, []];
    else if (!value.startsWith("/")) {
      const same = kept.find((one) => one.value === value && one.allow === denyAll);
      if (same) same.allow = allow;
      else kept.push({ allow, value });
    }
  }
  if (kept.length === 0) return true;
  for (const { allow, value } of kept) {
    const read = readDeviceLine({ action: "allow", value });
    if (allow === denyAll && read.kind === "rule" && hits(read.rule, asked)) return allow;
  }
  return !denyAll;
}

describe("what lines of devices let through", () => {
  const cases: [string, string, boolean][] = [
    ["", "c 1:3 rw", true],
    ["deny a, allow c 195:* rwm", "c 195:0 rw", true],
    ["deny a, allow c 195:* rwm", "c 195:255 rwm", true],
    ["deny a, allow c 195:* rwm", "c 196:0 r", false],
    ["deny a, allow c 195:* rwm", "b 195:0 r", false],
    ["deny a, allow c 1:3 r, allow c 1:3 w", "c 1:3 r", true],
    ["deny a, allow c 1:3 r, allow c 1:3 w", "c 1:3 rw", false],
    ["deny a, allow c 1:3 rw, allow c *:* m", "c 1:3 rwm", true],
    ["deny a, allow a 8:0 r", "b 8:0 r", true],
    ["deny a, allow a 8:0 r", "c 8:0 r", true],
    ["allow a, deny c 1:3 w", "c 1:3 w", false],
    ["allow a, deny c 1:3 w", "c 1:3 rw", true],
    ["allow a, deny c 1:3 rw", "c 1:3 rwm", false],
    ["allow a, deny a *:* rwm, allow c 1:3 rwm", "c 1:3 r", false],
    ["deny a", "b 8:0 rwm", true],
    ["deny a, deny c *:* rwm", "b 8:0 r", false],
  ];
  for (const [text, request, expected] of cases) it(`${text || "none"}: ${request} ${expected ? "passes" : "does not"}`, () => expect(allows(lines(text), ask(request))).to.equal(expected));

  it("is what trying it out says", () => {
    fc.assert(
      fc.property(anyLines, (written) => {
        const all = written.filter(({ value }) => !value.startsWith("/"));
        expect(permitted(all)).to.equal(everything.map((asked) => (simulate(all, asked) ? "1" : "0")).join(""));
      }),
      runs,
    );
  }).timeout(patience);
});
