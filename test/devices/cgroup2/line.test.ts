import { expect } from "chai";
import { readDeviceLine, showDeviceLine } from "../../../provider/devices/cgroup2/line.js";
import { printDeviceRule } from "../../../provider/devices/cgroup2/rule.js";

describe("lines of devices as LXC reads them", () => {
  const cases: [action: "allow" | "deny", value: string, expected: string][] = [
    ["allow", "a", "a, written "],
    ["deny", "", "clear"],
    ["deny", " \t\r", "clear"],
    ["allow", "c 195:* rwm", "c 195:* rwm, written rwm"],
    ["allow", " c 195:* rwm\r", "c 195:* rwm, written rwm"],
    ["allow", "c\t195:*\tmwr", "c 195:* rwm, written mwr"],
    ["allow", "c 195:* rr", "c 195:* r, written rr"],
    ["allow", "c 195:* rwmx", "c 195:* rwm, written rwm"],
    ["allow", "c 195:* rwm # note", "c 195:* rwm, written rwm"],
    ["allow", "a *:* rwm", "a *:* rwm, written rwm"],
    ["allow", "c 010:2147483647 r", "c 8:2147483647 r, written r"],
    ["allow", "/dev/null rw", "/dev/null rw"],
    ["allow", "/dev/null   rwm # note", "/dev/null rwm"],
    ["deny", "/dev/null rw", "refused: `/dev/null rw`: LXC takes paths in allow only"],
    ["allow", "/dev/null", "refused: `/dev/null`: write <path> <rwm>"],
    ["allow", "/dev/null x", "refused: `/dev/null x`: write <path> <rwm>"],
    ["allow", "c  195:* rwm", "refused: `c  195:* rwm` is no rule: write <a|b|c> <major>:<minor> <rwm>, one blank apart"],
    ["allow", "c 195:*  rwm", "refused: `c 195:*  rwm`: the access must be of r, w and m"],
    ["allow", "c 195:* rx", "refused: `c 195:* rx`: the access must be of r, w and m"],
    ["allow", "c 195:* r w", "refused: `c 195:* r w`: the access must be of r, w and m"],
    ["allow", "c 195:*", "refused: `c 195:*` is no rule: write <a|b|c> <major>:<minor> <rwm>, one blank apart"],
    ["allow", "c 195 rwm", "refused: `c 195 rwm` is no rule: write <a|b|c> <major>:<minor> <rwm>, one blank apart"],
    ["allow", "c 09:0 r", "refused: `c 09:0 r`: LXC can't read one of the numbers"],
    ["allow", "c 2147483648:0 r", "refused: `c 2147483648:0 r`: LXC can't read one of the numbers"],
    ["allow", "d 1:3 r", "refused: `d 1:3 r` is no rule: write <a|b|c> <major>:<minor> <rwm>, one blank apart"],
  ];
  for (const [action, value, expected] of cases) {
    it(JSON.stringify(showDeviceLine({ action, value })), () => {
      const read = readDeviceLine({ action, value });
      const shown = {
        clear: () => "clear",
        rule: () => read.kind === "rule" && `${printDeviceRule(read.rule)}, written ${read.written}`,
        path: () => read.kind === "path" && `${read.path} ${read.written}`,
        refused: () => read.kind === "refused" && `refused: ${read.why}`,
      }[read.kind]();
      expect(shown).to.equal(expected);
    });
  }
});
