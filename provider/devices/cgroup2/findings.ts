import { permits, type DeviceRequest } from "./allows.js";
import { applyDeviceLines, type Applied, type ApplyOptions, type Fate } from "./apply.js";
import { commonRule, coversRule } from "./covers.js";
import { readDeviceLine, showDeviceLine, type DeviceLine } from "./line.js";
import { printDeviceRule, type DeviceRule } from "./rule.js";

export interface DeviceFinding {
  finding:
    | "refused" // LXC can't read it, the container does not start
    | "cleared" // forgotten because of a later line without a value
    | "forgotten" // forgotten because of a later `a`
    | "taken-back" // an allow that a later deny takes back, or the other way round
    | "repeats"
    | "covered" // another rule says it, and more
    | "idle" // does nothing: what it says holds already
    | "still-allowed" // a deny that does nothing against a wider, or otherwise written, allow
    | "half-denied" // a deny of r or w alone leaves opening for both
    | "no-filter" // `deny a` without a rule behind it allows all
    | "device-denied"; // a declared device can't be used
  /** of the line; none where it is about all of them */
  index?: number;
  /** for people: what, and why */
  text: string;
}

export interface FindingsOptions extends ApplyOptions {
  /** what LXC has read before, see `defaultLines`; nothing is said about these */
  defaults?: readonly DeviceLine[];
  /** devices that the container should be able to use */
  needed?: readonly (DeviceRequest & { path: string })[];
}

/** What in these lines contradicts itself, does nothing, or does something else than it seems to. */
export function deviceFindings(
  lines: readonly DeviceLine[],
  { defaults = [], needed = [], device }: FindingsOptions = {},
): DeviceFinding[] {
  const all = [...defaults, ...lines];
  const applied = applyDeviceLines(all, device && { device });
  const told = lines.flatMap((_, index) =>
    aboutLine(all, index + defaults.length, applied).map((found): DeviceFinding => ({ ...found, index })),
  );
  return [...told, ...needed.flatMap((request) => aboutDevice(request, applied))];
}

function aboutLine(all: readonly DeviceLine[], index: number, applied: Applied): DeviceFinding[] {
  const line = `\`${showDeviceLine(all[index]!)}\``;
  const other = (at: number) => `\`${showDeviceLine(all[at]!)}\``;
  const fate = applied.fates[index]!;
  switch (fate.fate) {
    case "refused":
      return [{ finding: "refused", text: `LXC would not start the container: ${fate.why}` }];
    case "cleared":
      return [{ finding: "cleared", text: `${line} is forgotten: the line without a value behind it clears all of ${all[index]!.action}` }];
    case "forgotten":
      return [{ finding: "forgotten", text: `${line} is forgotten: ${other(fate.by)} behind it makes LXC forget every rule before it` }];
    case "taken-back":
      return [{ finding: "taken-back", text: `${line} is taken back by ${other(fate.by)} behind it` }];
    case "repeats":
      return [{ finding: "repeats", text: `${line} says again what ${other(fate.by)} says` }];
    case "idle":
      return [aboutIdle(all, index, applied)];
    case "resets":
      return !applied.filtered && all[index]!.action === "deny" && isLastReset(applied.fates, index)
        ? [{ finding: "no-filter", text: noFilter(line) }]
        : [];
    case "in-force":
      return aboutRule(all, index, applied);
    default:
      return [];
  }
}

const isLastReset = (fates: readonly Fate[], index: number): boolean => !fates.slice(index + 1).some(({ fate }) => fate === "resets");

const noFilter = (line: string): string =>
  `${line} denies nothing: LXC sets a filter only where a rule is left, and none stands behind it. Allow what is needed`;

function aboutIdle(all: readonly DeviceLine[], index: number, applied: Applied): DeviceFinding {
  const line = all[index]!;
  const shown = `\`${showDeviceLine(line)}\``;
  if (line.action === "allow")
    return { finding: "idle", text: `${shown} does nothing: all devices are allowed, no \`deny a\` stands before it` };
  const rule = ruleOf(line);
  const open = applied.except.find((one) => rule && commonRule(one, rule));
  if (!open || !rule) return { finding: "idle", text: `${shown} does nothing: all that is not allowed is denied` };
  const common = printDeviceRule(commonRule(open, rule)!);
  return {
    finding: "still-allowed",
    text: `${shown} does nothing against \`allow ${printDeviceRule(open)}\`: LXC takes back only a rule that is written alike, and ${common} stays allowed. Narrow the allow rule`,
  };
}

function aboutRule(all: readonly DeviceLine[], index: number, { fates, list }: Applied): DeviceFinding[] {
  const rule = ruleOf(all[index]!);
  if (!rule) return [];
  const shown = `\`${showDeviceLine(all[index]!)}\``;
  const wider = fates.findIndex((fate, at) => {
    const one = fate.fate === "in-force" && at !== index ? ruleOf(all[at]!) : undefined;
    // of two that say the same, the later one is too much
    return one !== undefined && coversRule(one, rule) && (at < index || !coversRule(rule, one));
  });
  const covered: DeviceFinding[] =
    wider < 0 ? [] : [{ finding: "covered", text: `${shown} adds nothing: \`${showDeviceLine(all[wider]!)}\` covers it` }];
  const half = list === "allow" && rule.access.includes("r") !== rule.access.includes("w");
  return half ? [...covered, { finding: "half-denied", text: halfDenied(shown, rule) }] : covered;
}

const halfDenied = (shown: string, { access }: DeviceRule): string =>
  `${shown} denies opening for ${access.includes("r") ? "reading" : "writing"} alone: LXC compares all that is asked for at once, and opening for both stays allowed. Deny rw`;

function ruleOf(line: DeviceLine): DeviceRule | undefined {
  const reading = readDeviceLine(line);
  return reading.kind === "rule" ? reading.rule : undefined;
}

function aboutDevice({ path, ...request }: DeviceRequest & { path: string }, applied: Applied): DeviceFinding[] {
  if (permits(applied, request)) return [];
  const wanted = printDeviceRule(request);
  const text =
    applied.list === "deny"
      ? `${path} can't be used: no rule allows \`${wanted}\`, and the others are denied`
      : `${path} can't be used: a rule denies \`${wanted}\`, or a part of it`;
  return [{ finding: "device-denied", text }];
}
