import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { parseConf, parseEntry, parseOptions, property } from "../../provider/container/conf.js";
import { declare, giveBack } from "../../provider/container/families.js";
import { confLayout } from "../../provider/container/layout.js";
import { emptyLedger } from "../../provider/container/ledger.js";
import { joinLines } from "../../provider/container/lines.js";
import { familiesOf } from "../../provider/container/posture.js";

describe("one line of a container's configuration", () => {
  const raw = (key: string, value: string) => ({ kind: "raw", key, value });
  const plain = (key: string, value: string) => ({ kind: "property", key, value });
  const cases: [text: string, entry: object | undefined][] = [
    ["", undefined], ["  \t", undefined], ["# lxc.idmap: u 0 1 1", undefined], ["garbage", undefined], ["[snap]", undefined],
    ["lxc.idmap: u 0 1 1", raw("lxc.idmap", "u 0 1 1")],
    ["lxc.idmap = u 0 1 1 \t", raw("lxc.idmap", "u 0 1 1")],
    ["lxc.idmap=u", raw("lxc.idmap", "u")],
    ["lxc.idmap:", raw("lxc.idmap", "")],
    ["lxc.environment: A=b: c", raw("lxc.environment", "A=b: c")],
    ["lxc.idmap : u", undefined],
    ["LXC.idmap: u", undefined],
    [" lxc.idmap: u", undefined],
    ["lxc.a b: c", undefined],
    ["memory: 512\r", plain("memory", "512")],
    ["dev0: /dev/x,mode=0666", plain("dev0", "/dev/x,mode=0666")],
    ["memory:", undefined],
    ["memory = 512", undefined],
    ["Memory: 512", undefined],
    ["net0: name=eth0,ip=fe80::1/64", plain("net0", "name=eth0,ip=fe80::1/64")],
  ];
  for (const [text, entry] of cases) it(JSON.stringify(text), () => expect(parseEntry(text)).to.deep.equal(entry));
});

describe("sections", () => {
  const cases: [name: string, text: string, main: string][] = [
    ["none", "a: 1\n", "a: 1\n"],
    ["pending changes", "a: 1\n[pve:pending]\nb: 2\n", "a: 1\n"],
    ["a snapshot in capitals, with blanks behind", "a: 1\n[Snap_1-x] \t\nb: 2\n", "a: 1\n"],
    ["what is no section to Proxmox VE", "[x]\n[1a]\n [ab]\n[a b]\n[ab\na: 1\n", "[x]\n[1a]\n [ab]\n[a b]\n[ab\na: 1\n"],
    ["at the very top", "[ab]\na: 1\n", ""],
    ["carriage returns", "a: 1\r\n[ab]\r\n", "a: 1\r\n"],
  ];
  for (const [name, text, main] of cases) {
    it(name, () => {
      const conf = parseConf(text);
      expect(joinLines(conf.main)).to.equal(main);
      expect(joinLines([...conf.main, ...conf.rest])).to.equal(text);
    });
  }

  it("of a repeated property the last counts, as for Proxmox VE", () => {
    expect(property(parseConf("lock: a\nlock: b\n[snap]\nlock: c\n").main, "lock")).to.equal("b");
    expect(property([], "lock")).to.be.undefined;
  });
});

describe("options of a property", () => {
  const cases: [string, string | undefined, [string, string][]][] = [
    ["", undefined, []],
    ["nesting=1,keyctl=1", undefined, [["nesting", "1"], ["keyctl", "1"]]],
    ["/dev/x,mode=0666", "path", [["path", "/dev/x"], ["mode", "0666"]]],
    ["mode=0666,path=/dev/x", "path", [["mode", "0666"], ["path", "/dev/x"]]],
    ["a = b ,,c=d=e", undefined, [["a", "b"], ["c", "d=e"]]],
    ["mount=nfs;cifs", undefined, [["mount", "nfs;cifs"]]],
  ];
  for (const [text, key, expected] of cases) it(JSON.stringify(text), () => expect([...parseOptions(text, key)]).to.deep.equal(expected));
});

describe("the corpus of configurations that Proxmox VE has read", () => {
  interface Golden {
    conf: string;
    rewritten: string;
    parsed: { lxc?: [string, string][] };
  }
  const file = "../shared/corpus/pve-config/golden.json";
  let corpus: Golden[] = [];
  before(function () {
    if (!existsSync(file)) {
      console.log(`      ${file} is not here`);
      return this.skip();
    }
    corpus = JSON.parse(readFileSync(file, "utf8")) as Golden[];
  });
  const latin = (text: string) => Buffer.from(text, "utf8").toString("latin1");
  const main = (text: string) => parseConf(latin(text)).main;
  /** The declarable lines of ours that Proxmox VE keeps. */
  const postureOf = (text: string, kept: Set<string>) =>
    main(text)
      .map((line) => line.text)
      .filter((line) => kept.has(parseEntry(line)?.key ?? ""))
      .map(confLayout.same);

  it("a rewrite by Proxmox VE is no drift: the same posture is read, and declaring it changes nothing", () => {
    for (const { conf, rewritten, parsed } of corpus) {
      const kept = new Set((parsed.lxc ?? []).map(([key]) => key));
      const posture = postureOf(conf, kept);
      expect(postureOf(rewritten, kept)).to.deep.equal(posture);
      const families = familiesOf(posture);
      const changes = (text: string) => declare(main(text), families, [], emptyLedger(), confLayout).changes;
      // a device rule twice, or one before a `deny a`, is put in order; then it is so in both
      expect(changes(rewritten).length).to.equal(changes(conf).length);
      if (new Set(posture).size === posture.length && !posture.some((line) => /devices\.(allow|deny): a$/.test(line))) {
        expect(changes(conf)).to.deep.equal([]);
        expect(changes(rewritten)).to.deep.equal([]);
      }
    }
  });

  it("declaring and giving back leaves every byte, in whatever file", () => {
    const families = familiesOf([
      "features: nesting=1", "lxc.apparmor.profile: lxc-a", "lxc.idmap: u 0 1 1", "lxc.cgroup2.devices.deny: a",
      "lxc.cgroup2.devices.allow: c 195:* rwm", "lxc.cap.drop: sys_module", "lxc.mount.auto: proc:mixed",
    ]);
    for (const { conf, rewritten } of corpus) {
      for (const text of [latin(conf), latin(rewritten)]) {
        const { main, rest } = parseConf(text);
        const declared = declare(main, families, [], emptyLedger(), confLayout);
        const again = declare(declared.lines, families, families, declared.ledger, confLayout);
        expect(again.changes, "a second time").to.deep.equal([]);
        const back = giveBack(declared.lines, families, declared.ledger, confLayout);
        expect(joinLines([...back.lines, ...rest])).to.equal(text);
      }
    }
  });
});
