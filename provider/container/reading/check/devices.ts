import {
  applyDeviceLines,
  defaultLines,
  deviceFindings,
  permits,
  type Applied,
  type DeviceFinding,
  type DeviceLine,
} from "../../../devices/cgroup2.js";
import { mayBeMeant, numbersOf } from "./device-numbers.js";
import { passed } from "./doubles.js";
import type { Facts, Kept } from "./facts.js";
import { error, warning, type Finding } from "./finding.js";

/**
 * What the rules for devices come to. They stand behind what Proxmox VE writes itself, the rules for `dev[n]` among it
 * (pve-container, `update_lxc_config`): a `deny: a` takes those away too.
 */
export function devices(facts: Facts): Finding[] {
  const own = facts.raw.flatMap((line) => {
    const [, action] = /^lxc\.cgroup2\.devices\.(allow|deny)$/.exec(line.key) ?? [];
    return action === undefined ? [] : [{ ...line, action: action as DeviceLine["action"] }];
  });
  const before = [...defaultLines(facts.unprivileged), ...ofProxmox(facts)];
  const applied = applyDeviceLines([...before, ...own]);
  const last = own[applied.fates.slice(before.length).findLastIndex(({ fate }) => fate === "resets")];
  const all = last && !facts.unprivileged && applied.list === "allow" ? [opened(last.line)] : [];
  const refused = own.filter((_, index) => applied.fates[before.length + index]!.fate === "refused");
  const lines = deviceFindings(own, { defaults: before }).flatMap(({ finding, index, text }) => {
    const { line } = own[index!]!;
    const behind = refused.find((other) => other.line > line);
    return said(finding, line, finding === "no-filter" && behind ? notInForce(own[index!]!, behind) : text);
  });
  return [...all, ...lines, ...denied(applied, facts, own, last !== undefined)];
}

const ofProxmox = (facts: Facts): DeviceLine[] =>
  passed(facts).flatMap(({ path }): DeviceLine[] => {
    const known = numbersOf(path);
    return known ? [{ action: "allow", value: `c ${known.major}:${known.minor} rw` }] : [];
  });

/** A rule does stand behind it, and counts for nothing. */
const notInForce = ({ key, value }: Kept, behind: Kept): string =>
  `\`${key}: ${value}\` denies nothing: LXC sets a filter only where a rule is left, and it refuses the one in line ${behind.line}`;

const opened = (line: number): Finding =>
  warning("all-devices-allowed", line, "every device of the node is open to the container", "Allow the devices that it needs, one by one.");

/** What stands twice is said of all keys alike (`repeated-line`). */
function said(finding: DeviceFinding["finding"], line: number, text: string): Finding[] {
  switch (finding) {
    case "refused":
      return [error("device-rule-refused", line, text, "Correct the rule, or take it out.")];
    case "no-filter":
      return [
        error("deny-all-denies-nothing", line, text, "Put a `lxc.cgroup2.devices.allow` behind it, such as `c 1:3 rwm` (/dev/null)."),
      ];
    case "cleared":
    case "forgotten":
      return [warning("device-rule-forgotten", line, text, "Put the rule behind that line, or take it out.")];
    case "still-allowed":
    case "half-denied":
      return [warning(`device-${finding}`, line, text, "As it stands, the device can be used.")];
    case "taken-back":
    case "covered":
    case "idle":
      return [
        warning(
          "device-rule-without-effect",
          line,
          text,
          "Take it out; to allow nothing but some devices, put `lxc.cgroup2.devices.deny: a` before their rules.",
        ),
      ];
    default:
      return [];
  }
}

/** Devices that the container is to have, and that no rule lets it use. */
function denied(applied: Applied, facts: Facts, own: readonly (Kept & DeviceLine)[], resets: boolean): Finding[] {
  const bound = facts.raw.flatMap((line) => {
    const [source = ""] = line.key === "lxc.mount.entry" ? line.value.split(/[ \t]+/) : [];
    return /^\/dev\/(?!shm\b|pts\b|mqueue\b|hugepages\b)./.test(source) ? [{ ...line, path: source.replace(/\/+$/, "") }] : [];
  });
  // without a reset, what Proxmox VE allows for dev[n] is in force
  const mine = resets ? passed(facts) : [];
  return [...mine, ...bound].flatMap(({ line, key, path }) => {
    const byPath = own.some(({ action, value }) => action === "allow" && value.split(/[ \t]+/)[0] === path);
    if (byPath || canUse(applied, path)) return [];
    const message = `${path} is to be in the container (${key}), and no rule lets it use the device`;
    const behind = resets ? ", behind the `deny: a`, which takes away what Proxmox VE allows for dev[n]" : "";
    return [error("device-denied", line, message, `Add a \`lxc.cgroup2.devices.allow\` for it${behind}.`)];
  });
}

function canUse(applied: Applied, path: string): boolean {
  const known = numbersOf(path);
  if (known === undefined) return applied.otherwise === "allow" || applied.except.some(mayBeMeant);
  const { major, minor } = known;
  if (minor === "*") return applied.otherwise === "allow" || applied.except.some((rule) => rule.major === "*" || rule.major === major);
  return ["rw", "r", "w"].some((access) => permits(applied, { type: "c", major, minor, access }));
}
