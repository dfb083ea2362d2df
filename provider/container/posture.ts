import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { isGlobal, parseDeviceRule, printDeviceRule } from "../devices/cgroup2.js";
import { eachType, printMap } from "../idmap/index.js";
import { parseEntry } from "./conf.js";
import type { Family } from "./families.js";
import { repeats } from "./keys.js";
import { isOptionsKey, optionsFamily } from "./options.js";

/** The lines of the container's configuration that the inputs stand for. */
export function postureLines(inputs: LxcContainerSecurityInputs): string[] {
  const line = (key: string, ...values: (string | undefined)[]) =>
    values.filter(Boolean).map((value) => `${key}: ${value}`);
  const all = [
    ...line("features", printOptions(declaredFeatures(inputs.features ?? {}))),
    ...Object.entries(inputs.mountPoints ?? {}).flatMap(([key, options]) => line(key, printOptions(flags(options)))),
    // what is generated is so without a line: with one, Proxmox VE leaves out the rules that it adds
    ...line("lxc.apparmor.profile", inputs.apparmorProfile === "generated" ? undefined : inputs.apparmorProfile),
    ...line("lxc.apparmor.raw", ...(inputs.apparmorRules ?? [])),
    ...line("lxc.seccomp.profile", inputs.seccompProfile),
    ...line("lxc.idmap", ...printMap(eachType(inputs.idmap ?? []))),
    ...(inputs.deviceRules ?? []).flatMap(({ action, rule }) => line(`lxc.cgroup2.devices.${action}`, normalRule(rule))),
    ...line("lxc.cap.drop", ...(inputs.capDrop ?? [])),
    ...line("lxc.cap.keep", inputs.capKeep?.join(" ")),
    ...line("lxc.mount.auto", inputs.mountAuto?.join(" ")),
    ...line("lxc.mount.entry", ...(inputs.mountEntries ?? [])),
    ...Object.entries(inputs.limits ?? {}).flatMap(([name, limit]) => line(`lxc.prlimit.${name}`, printLimit(limit))),
    ...Object.entries(inputs.raw ?? {}).flatMap(([key, value]) => line(key, ...[value].flat())),
  ];
  return [...new Set(all)];
}

const exclusiveKeys: Record<string, string> = {
  deviceRules: "lxc.cgroup2.devices",
  capDrop: "lxc.cap.drop",
  mountEntries: "lxc.mount.entry",
  apparmorRules: "lxc.apparmor.raw",
};

/** The families of which no line may stand there but the declared ones, by id. */
export function exclusiveFamilies({ exclusive = [], apparmorProfile }: LxcContainerSecurityInputs): string[] {
  return [...exclusive.map((input) => exclusiveKeys[input] ?? input), ...(apparmorProfile === "generated" ? ["lxc.apparmor.profile"] : [])];
}

const flags = (options: Record<string, boolean | undefined> = {}): Map<string, string> =>
  new Map(Object.entries(options).flatMap(([name, on]): [string, string][] => (on === undefined ? [] : [[name, on ? "1" : "0"]])));

type Limit = NonNullable<LxcContainerSecurityInputs["limits"]>[string];
const printLimit = (limit: Limit): string => (typeof limit === "object" ? `${limit.soft}:${limit.hard}` : `${limit}`);

function declaredFeatures(features: NonNullable<LxcContainerSecurityInputs["features"]>): Map<string, string> {
  const declared = Object.entries(features).filter(([, value]) => value !== undefined);
  return new Map(declared.map(([key, value]) => [key, Array.isArray(value) ? value.join(";") : value ? "1" : "0"]));
}

function normalRule(rule: string): string {
  const parsed = parseDeviceRule(rule);
  return typeof parsed === "string" ? rule : printDeviceRule(parsed);
}

function printOptions(options: Map<string, string>): string | undefined {
  return options.size === 0 ? undefined : [...options].map(([key, value]) => `${key}=${value}`).join(",");
}

const deviceKey = /^lxc\.cgroup2\.devices\.(allow|deny)$/;

/**
 * The families that lines of ours belong to. The state keeps the lines only, so this must go on to read old ones.
 *
 * @param exclusive ids of families that have no lines but these, be they none
 */
export function familiesOf(lines: readonly string[], exclusive: readonly string[] = []): Family[] {
  const ids = new Map<string, string[]>(exclusive.map((id) => [id, []]));
  for (const line of lines) {
    const key = parseEntry(line)?.key;
    if (key === undefined) continue;
    const id = deviceKey.test(key) ? "lxc.cgroup2.devices" : key;
    ids.set(id, [...(ids.get(id) ?? []), line]);
  }
  return [...ids].map(([id, mine]) => (exclusive.includes(id) ? { ...familyOf(id, mine), exclusive: true } : familyOf(id, mine)));
}

function familyOf(id: string, mine: string[]): Family {
  if (isOptionsKey(id)) return optionsFamily(mine[0]!);
  if (id === "lxc.cgroup2.devices") return devicesFamily(mine);
  const has = (text: string) => parseEntry(text)?.key === id;
  const family = { id, has, lines: mine };
  if (!repeats(id)) return { ...family, mode: "whole" };
  return mine.some(isEmpty) ? { ...family, mode: "shared" } : { ...family, mode: "shared", resets: isEmpty };
}

/** `lxc.cap.drop =` clears the list (lxc.container.conf(5)). */
const isEmpty = (text: string): boolean => parseEntry(text)?.value === "";

function devicesFamily(lines: string[]): Family {
  const first = (text: string) => {
    const rule = parseDeviceRule(parseEntry(text)?.value ?? "");
    return typeof rule !== "string" && isGlobal(rule);
  };
  const declaresFirst = lines.some(first);
  return {
    id: "lxc.cgroup2.devices",
    mode: "ordered",
    has: (text) => deviceKey.test(parseEntry(text)?.key ?? ""),
    // wherever it is declared, what makes LXC forget comes before what it is to know
    lines: [...lines.filter(first), ...lines.filter((line) => !first(line))],
    first,
    // somebody else's deny-all clears the rules before it; next to one of ours it is in the way
    resets: (text) => (isEmpty(text) && !lines.some(isEmpty)) || (!declaresFirst && first(text)),
  };
}
