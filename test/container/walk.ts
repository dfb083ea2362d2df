import fc from "fast-check";
import { toBytes } from "../../provider/bytes.js";
import { parseConf } from "../../provider/container/conf.js";
import type { Change } from "../../provider/container/editor.js";
import { declare, giveBack, type Family } from "../../provider/container/families.js";
import { confLayout } from "../../provider/container/layout.js";
import { emptyLedger, type Ledger } from "../../provider/container/ledger.js";
import { joinLines } from "../../provider/container/lines.js";
import { exclusiveFamilies, familiesOf, postureLines } from "../../provider/container/posture.js";
import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";

export type Declared = Partial<LxcContainerSecurityInputs>;

/** The same answers sooner, as these walks ask for the same a million times. */
function remembering<T>(ask: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (!known.has(text)) {
      if (known.size > 1000) known.clear();
      known.set(text, ask(text));
    }
    return known.get(text)!;
  };
}

const layout = { ...confLayout, same: remembering(confLayout.same) };
const has = new Map<string, Family["has"]>();
const known = new WeakMap<Declared, Family[]>();

export function families(inputs: Declared): Family[] {
  const found = known.get(inputs);
  if (found) return found;
  const whole = { node: "pve", vmid: 951, ...inputs };
  const all = familiesOf(postureLines(whole).map(toBytes), exclusiveFamilies(whole)).map((family) => {
    if (!has.has(family.id)) has.set(family.id, remembering(family.has));
    return { ...family, has: has.get(family.id)! };
  });
  known.set(inputs, all);
  return all;
}

/** One resource's walk over a file: declare, declare something else, give back. */
export class Walk {
  private ledger: Ledger = emptyLedger();
  private former: Family[] = [];

  up(text: string, inputs: Declared): string {
    return this.change(text, inputs).after;
  }

  change(text: string, inputs: Declared): { after: string; changes: Change[] } {
    const conf = parseConf(text);
    const wanted = families(inputs);
    const { lines, ledger, changes } = declare(conf.main, wanted, this.former, this.ledger, layout);
    // as the state keeps it
    this.ledger = JSON.parse(JSON.stringify(ledger)) as Ledger;
    this.former = wanted;
    return { after: joinLines([...lines, ...conf.rest]), changes };
  }

  destroy(text: string, claimed: (text: string) => boolean = () => false): string {
    const conf = parseConf(text);
    return joinLines([...giveBack(conf.main, this.former, this.ledger, layout, claimed).lines, ...conf.rest]);
  }
}

const allow = (rule: string) => ({ action: "allow" as const, rule });
const deny = (rule: string) => ({ action: "deny" as const, rule });
const some = { requiredKeys: [] };

const options = fc.record({ ro: fc.boolean(), nosuid: fc.boolean(), noexec: fc.boolean() }, some);

const half = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { freq: 1, nil: undefined });

/** A few of all that a program may declare of a container's configuration. */
export const declarations: fc.Arbitrary<Declared> = fc.record(
  {
    apparmorProfile: half(fc.constantFrom("unconfined", "generated", "lxc-a", "lxc-b")),
    seccompProfile: half(fc.constantFrom("/etc/seccomp/a", "/etc/seccomp/b")),
    idmap: half(fc.constantFrom(100_000, 200_000).map((host) => [{ type: "both" as const, container: 0, host, count: 65_536 }])),
    deviceRules: half(
      fc.oneof(
        fc.subarray([deny("a"), allow("c 1:3 rwm"), allow("c 195:* rwm")]),
        fc.subarray([allow("a"), allow("c 1:3 rwm"), deny("c 10:200 rw")]),
      ),
    ),
    capDrop: half(fc.subarray(["sys_module", "sys_time", "mac_admin"])),
    mountAuto: half(fc.constantFrom(["sys:rw"], ["proc:mixed", "sys:mixed"])),
    mountEntries: half(fc.subarray(["/a a none bind", "/à b none bind"])),
    mountPoints: half(fc.record({ rootfs: options, mp0: options }, some)),
    features: half(fc.record({ nesting: fc.boolean(), keyctl: fc.boolean(), mount: fc.constantFrom(["nfs"], ["nfs", "cifs"]) }, some)),
    limits: half(fc.record({ nofile: fc.constantFrom(1024, { soft: 1024, hard: "unlimited" as const }) }, some)),
    raw: half(fc.record({ "lxc.sysctl.kernel.shmmax": fc.constantFrom("1", "2"), "lxc.environment": fc.subarray(["A=1", "B=über"]) }, some)),
    exclusive: half(fc.subarray(["deviceRules", "capDrop", "mountEntries", "lxc.environment"])),
  },
  some,
);
