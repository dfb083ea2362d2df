import { expect } from "chai";
import { confLayout } from "../../provider/container/layout.js";
import { splitLines } from "../../provider/container/lines.js";

describe("spellings of one line", () => {
  const same: [string, string][] = [
    ["lxc.apparmor.profile: lxc-a", "lxc.apparmor.profile = lxc-a \t"],
    ["lxc.apparmor.profile: lxc-a", "lxc.apparmor.profile=lxc-a\r"],
    ["lxc.cgroup2.devices.allow: c 195:* rwm", "lxc.cgroup2.devices.allow = c  195:*   mrw"],
    ["lxc.idmap: u 0 100000 65536", "lxc.idmap = u\t0  100000 65536"],
    ["lxc.mount.entry: /a a none bind 0 0", "lxc.mount.entry: /a  a none\tbind 0 0"],
    ["dev0: /dev/x,mode=0666", "dev0: mode=0666,path=/dev/x"],
    ["features: nesting=1,keyctl=1", "features:  keyctl=1,nesting=1"],
  ];
  for (const [one, two] of same) it(`${one} is ${JSON.stringify(two)}`, () => expect(confLayout.same(one)).to.equal(confLayout.same(two)));

  const different: [string, string][] = [
    ["lxc.apparmor.profile: lxc-a", "lxc.apparmor.profile: lxc-b"],
    ["lxc.apparmor.profile: lxc-a", "#lxc.apparmor.profile: lxc-a"],
    ["lxc.apparmor.profile: lxc-a", "lxc.apparmor.profile : lxc-a"],
    ["lxc.cgroup2.devices.allow: c 195:* rwm", "lxc.cgroup2.devices.deny: c 195:* rwm"],
    ["lxc.cgroup2.devices.allow: c 195:* rwm", "lxc.cgroup2.devices.allow: c 195:* rw"],
    ["lxc.cgroup2.devices.allow: bad", "lxc.cgroup2.devices.allow: worse"],
    ["lxc.environment: A=b  c", "lxc.environment: A=b c"],
    ["lxc.mount.entry: /\u00c3\u00a0 a none bind 0 0", "lxc.mount.entry: /\u00c3 a none bind 0 0"],
    ["dev0: /dev/x,mode=0666", "dev1: /dev/x,mode=0666"],
    ["dev0: /dev/x,mode=0666", "dev0: /dev/x"],
    ["features: nesting=1", "features: nesting=0"],
  ];
  for (const [one, two] of different) it(`${one} is not ${two}`, () => expect(confLayout.same(one)).not.to.equal(confLayout.same(two)));
});

describe("where a new line goes", () => {
  const cases: [name: string, file: string, line: string, at: number][] = [
    ["a raw line, behind the last", "arch: a\nlxc.a: 1\nlxc.b: 2\n\n", "lxc.c: 3", 3],
    ["a raw line where there is none, before blank lines at the end", "arch: a\n\n\n", "lxc.c: 3", 1],
    ["a property, before raw lines", "arch: a\nlxc.a: 1\n", "dev0: /x", 1],
    ["a property where there is none", "# x\nlxc.a: 1\n", "dev0: /x", 1],
    ["an empty file", "", "dev0: /x", 0],
    ["comments alone", "# x\n", "dev0: /x", 1],
  ];
  for (const [name, file, line, at] of cases) it(name, () => expect(confLayout.home(splitLines(file), line)).to.equal(at));
});
