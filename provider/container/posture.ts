import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { isGlobal, parseDeviceRule, printDeviceRule } from "../devices/cgroup2.js";
import { eachType, printMap } from "../idmap/index.js";
import { parseEntry, parseOptions } from "./conf.js";
import type { Family } from "./families.js";
import { repeats } from "./keys.js";

/** The lines of the container's configuration that the inputs stand for. */
export function postureLines(inputs: LxcContainerSecurityInputs): string[] {
  const line = (key: string, ...values: (string | undefined)[]) =>
    values.filter(Boolean).map((value) => `${key}: ${value}`);
  const all = [
    ...line("features", printOptions(declaredFeatures(inputs.features ?? {}))),
    ...line("lxc.apparmor.profile", inputs.apparmorProfile),
    ...line("lxc.idmap", ...printMap(eachType(inputs.idmap ?? []))),
    ...(inputs.deviceRules ?? []).flatMap(({ action, rule }) => line(`lxc.cgroup2.devices.${action}`, normalRule(rule))),
    ...line("lxc.cap.drop", ...(inputs.capDrop ?? [])),
    ...line("lxc.cap.keep", inputs.capKeep?.join(" ")),
    ...line("lxc.mount.auto", inputs.mountAuto?.join(" ")),
    ...line("lxc.mount.entry", ...(inputs.mountEntries ?? [])),
    ...Object.entries(inputs.raw ?? {}).flatMap(([key, value]) => line(key, ...[value].flat())),
  ];
  return [...new Set(all)];
}

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

/** The families that lines of ours belong to. The state keeps the lines only, so this must go on to read old ones. */
export function familiesOf(lines: readonly string[]): Family[] {
  const ids = new Map<string, string[]>();
  for (const line of lines) {
    const key = parseEntry(line)?.key;
    if (key === undefined) continue;
    const id = deviceKey.test(key) ? "lxc.cgroup2.devices" : key;
    ids.set(id, [...(ids.get(id) ?? []), line]);
  }
  return [...ids].map(([id, mine]) => {
    if (id === "features") return featuresFamily(mine[0]!);
    if (id === "lxc.cgroup2.devices") return devicesFamily(mine);
    const has = (text: string) => parseEntry(text)?.key === id;
    const family = { id, has, lines: mine };
    if (!repeats(id)) return { ...family, mode: "whole" };
    return mine.some(isEmpty) ? { ...family, mode: "shared" } : { ...family, mode: "shared", resets: isEmpty };
  });
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
    lines,
    first,
    // somebody else's deny-all clears the rules before it; next to one of ours it is in the way
    resets: (text) => (isEmpty(text) && !lines.some(isEmpty)) || (!declaresFirst && first(text)),
  };
}

function featuresFamily(line: string): Family {
  const read = (text: string | undefined) => parseOptions((text && parseEntry(text)?.value) || "");
  const print = (options: Map<string, string>) => (options.size === 0 ? undefined : `features: ${printOptions(options)}`);
  const declared = read(line);
  return {
    id: "features",
    mode: "merged",
    has: (text) => parseEntry(text)?.key === "features",
    lines: [line],
    merge(current) {
      const options = read(current);
      // an option that is off by default and not there is off already
      const off = (value: string | undefined) => (value === "" ? "0" : (value ?? "0"));
      if ([...declared].every(([key, value]) => off(options.get(key)) === off(value))) return current;
      for (const [key, value] of declared) {
        if (off(value) === "0" && !options.has(key)) continue;
        if (value === "") options.delete(key);
        else options.set(key, value);
      }
      return print(options);
    },
    unmerge(current, before) {
      const options = read(current);
      const was = read(before);
      for (const key of declared.keys()) {
        const value = was.get(key);
        if (value === undefined) options.delete(key);
        else options.set(key, value);
      }
      return print(options);
    },
  };
}
