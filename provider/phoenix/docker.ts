import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { isGlobal, parseDeviceRule } from "../devices/cgroup2.js";
import type { Reading } from "./reading.js";

type Features = NonNullable<LxcContainerSecurityInputs["features"]>;
type Rules = NonNullable<LxcContainerSecurityInputs["deviceRules"]>;

/** What Docker opens besides the devices that LXC allows everywhere. Both numbers are fixed in the kernel (miscdevice.h). */
const devices = [
  // /dev/net/tun: VPNs in containers, and the network of rootless Docker (slirp4netns)
  "c 10:200 rwm",
  // /dev/fuse: fuse-overlayfs, the storage driver where overlay2 can't be had, as on ZFS before 2.2
  "c 10:229 rwm",
];

/** Docker needs nesting (its own mounts and namespaces) and, in unprivileged containers, keyctl (runc's session keyring). */
export function dockerFeatures(asked: Features, unprivileged: boolean | undefined, reading: Reading): Features {
  const needed: Features = unprivileged === false ? { nesting: true } : { nesting: true, keyctl: true };
  for (const name of ["nesting", "keyctl"] as const) {
    if (needed[name] && asked[name] === false) {
      reading.note(`pct_options switch ${name} off: it stays off, though Docker needs it.`);
    }
  }
  return { ...needed, ...asked };
}

/** The rules asked for, followed by those for Docker. What the file itself says of a device holds. */
export function dockerRules(asked: Rules, unprivileged: boolean | undefined, reading: Reading): Rules {
  const numbers = (rule: string) => rule.trim().split(/\s+/).slice(0, 2).join(" ");
  const said = new Set(asked.map(({ rule }) => numbers(rule)));
  const added = devices.filter((rule) => !said.has(numbers(rule))).map((rule) => ({ action: "allow" as const, rule }));
  const reset = asked.findLast(({ rule }) => {
    const parsed = parseDeviceRule(rule);
    return typeof parsed !== "string" && isGlobal(parsed);
  });
  if (reset?.action === "allow") return asked;
  if (added.length > 0 && !reset && unprivileged !== false) {
    reading.note(
      "Docker's device rules (/dev/net/tun, /dev/fuse) change nothing on an unprivileged container, where every device is " +
        "allowed, unless a deny stands before them: `lxc.cgroup2.devices.deny=a`, with rules for all that is needed.",
    );
  }
  return [...asked, ...added];
}
