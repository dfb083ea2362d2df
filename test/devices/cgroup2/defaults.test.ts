import { expect } from "chai";
import { allows } from "../../../provider/devices/cgroup2/allows.js";
import { defaultLines } from "../../../provider/devices/cgroup2/defaults.js";
import type { DeviceRequest } from "../../../provider/devices/cgroup2/allows.js";

describe("what LXC allows before a container's own lines", () => {
  const cases: [DeviceRequest, privileged: boolean, unprivileged: boolean][] = [
    [{ type: "c", major: 1, minor: 3, access: "rwm" }, true, true],
    [{ type: "c", major: 136, minor: 77, access: "rw" }, true, true],
    [{ type: "c", major: 10, minor: 229, access: "rw" }, true, true],
    [{ type: "c", major: 195, minor: 0, access: "m" }, true, true],
    [{ type: "c", major: 195, minor: 0, access: "r" }, false, true],
    [{ type: "b", major: 8, minor: 0, access: "r" }, false, true],
    [{ type: "b", major: 8, minor: 0, access: "m" }, true, true],
  ];
  for (const [request, ...expected] of cases) it(JSON.stringify(request), () => expect([false, true].map((unprivileged) => allows(defaultLines(unprivileged), request))).to.deep.equal(expected));
});
