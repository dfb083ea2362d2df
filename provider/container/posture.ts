import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { isGlobal, parseDeviceRule, printDeviceRule } from "../devices/cgroup2.js";
import { parseEntry, parseOptions } from "./conf.js";
import type { Family } from "./families.js";
import { repeats } from "./keys.js";

/** The lines of the container's configuration that the inputs stand for. */
export function desiredFamilies(inputs: LxcContainerSecurityInputs): Family[] {
  const { apparmorProfile, idmap, deviceRules, capDrop, capKeep, mountEntries, mountAuto, raw, features } = inputs;
  return [
    features && featuresFamily(features),
    apparmorProfile && keyFamily("lxc.apparmor.profile", [apparmorProfile]),
    idmap && keyFamily("lxc.idmap", idmap.flatMap(idmapLines)),
    deviceRules && devicesFamily(deviceRules),
    capDrop && keyFamily("lxc.cap.drop", capDrop),
    capKeep && keyFamily("lxc.cap.keep", [capKeep.join(" ")]),
    mountAuto && keyFamily("lxc.mount.auto", [mountAuto.join(" ")]),
    mountEntries && keyFamily("lxc.mount.entry", mountEntries),
    ...Object.entries(raw ?? {}).map(([key, value]) => keyFamily(key, [value].flat())),
  ].filter((family): family is Family => typeof family === "object" && (family.lines.length > 0 || family.mode === "merged"));
}

function keyFamily(key: string, values: string[]): Family {
  return {
    id: key,
    mode: repeats(key) ? "shared" : "whole",
    has: (text) => parseEntry(text)?.key === key,
    lines: [...new Set(values)].map((value) => `${key}: ${value}`),
  };
}

function idmapLines(entry: NonNullable<LxcContainerSecurityInputs["idmap"]>[number]): string[] {
  const types = entry.type === "both" ? ["u", "g"] : [entry.type];
  return types.map((type) => `${type} ${entry.container} ${entry.host} ${entry.count}`);
}

const deviceKey = /^lxc\.cgroup2\.devices\.(allow|deny)$/;

function devicesFamily(rules: NonNullable<LxcContainerSecurityInputs["deviceRules"]>): Family {
  const print = (rule: string) => {
    const parsed = parseDeviceRule(rule);
    return typeof parsed === "string" ? rule : printDeviceRule(parsed);
  };
  return {
    id: "lxc.cgroup2.devices",
    mode: "ordered",
    has: (text) => deviceKey.test(parseEntry(text)?.key ?? ""),
    lines: [...new Set(rules.map(({ action, rule }) => `lxc.cgroup2.devices.${action}: ${print(rule)}`))],
    first(text) {
      const rule = parseDeviceRule(parseEntry(text)?.value ?? "");
      return typeof rule !== "string" && isGlobal(rule);
    },
  };
}

function featuresFamily(features: NonNullable<LxcContainerSecurityInputs["features"]>): Family {
  const declared = new Map(
    Object.entries(features)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]): [string, string] => [key, Array.isArray(value) ? value.join(";") : value ? "1" : "0"]),
  );
  const read = (text: string | undefined) => parseOptions((text && parseEntry(text)?.value) || "");
  const print = (options: Map<string, string>) =>
    options.size === 0 ? undefined : `features: ${[...options].map(([key, value]) => `${key}=${value}`).join(",")}`;
  // an option that is off by default and not there is off already
  const holds = (options: Map<string, string>) => [...declared].every(([key, value]) => (options.get(key) ?? "0") === (value || "0"));
  return {
    id: "features",
    mode: "merged",
    has: (text) => parseEntry(text)?.key === "features",
    lines: [print(declared) ?? "features:"],
    merge(current) {
      const options = read(current);
      if (holds(options)) return current;
      for (const [key, value] of declared) {
        if (value === "" || (value === "0" && !options.has(key))) options.delete(key);
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
