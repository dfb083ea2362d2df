import { normalAccess } from "./access.js";
import { readDeviceLine, type DeviceLine } from "./line.js";
import type { DeviceRule } from "./rule.js";

/** What becomes of a line; numbers are indexes of lines. */
export type Fate =
  | { fate: "in-force" } // one of the rules that LXC gives to the kernel
  | { fate: "resets" } // `a` alone: decides for all devices
  | { fate: "clears" } // a line without a value
  | { fate: "cleared"; by: number } // forgotten because of such a line
  | { fate: "forgotten"; by: number } // forgotten because of a later `a`
  | { fate: "repeats"; by: number } // says what an earlier line says
  | { fate: "takes-back"; what: number } // the exact contrary of an earlier rule, which is gone with it
  | { fate: "taken-back"; by: number }
  | { fate: "idle" } // allow where all is allowed, deny where all is denied: LXC passes it over
  | { fate: "unknown" } // a path whose numbers are not known here
  | { fate: "refused"; why: string }; // the container does not start

export interface Applied {
  /** what holds for a device that no rule is about; `allow` too where LXC has no rule to give to the kernel */
  otherwise: "allow" | "deny";
  /** what the last `a` alone decided; `deny` where there is none. LXC looks only at rules that say the contrary */
  list: "allow" | "deny";
  /** the rules that say the contrary of `list` */
  except: DeviceRule[];
  /** whether LXC gives the kernel a filter at all: it does so only where a rule, of whatever use, is left */
  filtered: boolean;
  /** what became of each line, in the order of the lines */
  fates: Fate[];
}

export interface ApplyOptions {
  /** the type and numbers of a device node, for lines that name one by its path */
  device?: (path: string) => Pick<DeviceRule, "type" | "major" | "minor"> | undefined;
}

interface Item {
  action: DeviceLine["action"];
  rule: DeviceRule;
  written: string;
  index: number;
}

/**
 * Applies the lines in their order, as LXC does at the start of a container (6.0, `cgroup2_devices.c`,
 * `bpf_list_add_device`; `confile.c` for lines without a value).
 *
 * - a line without a value forgets the lines of the same action before it, whatever else stands there
 * - `a` alone decides for all devices and forgets all rules before it
 * - where all is denied, only allow rules count; a deny takes back an allow rule that is written exactly like it (its
 *   letters in the same order) and does nothing else. Where all is allowed, the other way round
 * - where no rule is left, LXC sets no filter: all is allowed, after `deny a` too
 *
 * The lines should be all that LXC reads, its defaults (`defaultLines`) first.
 */
export function applyDeviceLines(lines: readonly DeviceLine[], { device }: ApplyOptions = {}): Applied {
  const fates: Fate[] = lines.map(() => ({ fate: "idle" }));
  const readings = lines.map(readDeviceLine);
  clear(lines, readings, fates);
  let list: Applied["list"] = "deny";
  let items: Item[] = [];
  let unknown = false;
  readings.forEach((reading, index) => {
    const { action } = lines[index]!;
    const fate = fates[index]!.fate;
    if (fate === "cleared" || reading.kind === "clear") return;
    if (reading.kind === "refused") return void (fates[index] = { fate: "refused", why: reading.why });
    if (reading.kind === "rule" && reading.rule.global) {
      for (const item of items) fates[item.index] = { fate: "forgotten", by: index };
      list = action;
      items = [];
      unknown = false;
      return void (fates[index] = { fate: "resets" });
    }
    const found = reading.kind === "path" ? device?.(reading.path) : reading.rule;
    if (!found) {
      unknown = true;
      return void (fates[index] = { fate: "unknown" });
    }
    const { written } = reading;
    add(
      items,
      list,
      { action, index, written, rule: { type: found.type, major: found.major, minor: found.minor, access: normalAccess(written) } },
      fates,
    );
  });
  const except = items.filter((item) => item.action !== list).map(({ rule }) => rule);
  const filtered = items.length > 0 || unknown;
  return { otherwise: filtered ? list : "allow", list, except, filtered, fates };
}

/** Lines without a value are done with when the file is read, before any rule is. */
function clear(lines: readonly DeviceLine[], readings: readonly { kind: string }[], fates: Fate[]): void {
  readings.forEach((reading, by) => {
    if (reading.kind !== "clear") return;
    for (let index = 0; index < by; index++) {
      if (lines[index]!.action === lines[by]!.action && fates[index]!.fate === "idle") fates[index] = { fate: "cleared", by };
    }
    fates[by] = { fate: "clears" };
  });
}

function add(items: Item[], list: Applied["list"], item: Item, fates: Fate[]): void {
  const counts = ({ action }: Item) => action !== list;
  const same = items.find((one) => counts(one) && one.written === item.written && isSameDevice(one.rule, item.rule));
  if (same && same.action === item.action) return void (fates[item.index] = { fate: "repeats", by: same.index });
  if (same) {
    fates[same.index] = { fate: "taken-back", by: item.index };
    fates[item.index] = { fate: "takes-back", what: same.index };
    // the rule is turned round and stays in LXC's list, where it has no effect
    same.action = item.action;
    return;
  }
  items.push(item);
  fates[item.index] = counts(item) ? { fate: "in-force" } : { fate: "idle" };
}

const isSameDevice = (a: DeviceRule, b: DeviceRule): boolean => a.type === b.type && a.major === b.major && a.minor === b.minor;
