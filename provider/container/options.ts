import type { Family } from "./families.js";
import { parseEntry, parseOptions } from "./conf.js";

/**
 * Flags of `mountoptions` of `rootfs` and `mp[n]` that are about security (pct.conf(5)). A declaration has each as an
 * option of its own (`mp0: nosuid=1`); in the file they are one list among others.
 */
export const mountFlags = ["nosuid", "nodev", "noexec"] as const;

/** Properties that are one line for several options, of which each may be declared by itself. */
export const isOptionsKey = (key: string): boolean => /^(?:features|rootfs|mp\d+)$/.test(key);

/** The declared options of such a line, one line each. */
export function optionsOf(line: string): string[] {
  const entry = parseEntry(line);
  if (!entry || !isOptionsKey(entry.key)) return [line];
  return [...read(line)].map(([option, value]) => `${entry.key}: ${option}=${value}`);
}

const flagList = "mountoptions";

/** Options by name, flags of the list among them; a volume without a name stands for itself. */
function read(text: string | undefined): Map<string, string> {
  const entry = text === undefined ? undefined : parseEntry(text);
  const options = [...parseOptions(entry?.value ?? "")];
  return new Map(
    options.flatMap(([name, value]): [string, string][] =>
      name === flagList ? value.split(";").filter(Boolean).map((flag) => [flag, "1"]) : [[name, value]],
    ),
  );
}

function print(key: string, options: Map<string, string>, flags: ReadonlySet<string>): string | undefined {
  const list = [...options].filter(([name, value]) => flags.has(name) && value === "1").map(([name]) => name);
  const others = [...options].filter(([name]) => !flags.has(name));
  const parts = [
    ...others.map(([name, value]) => (name === value && name !== "" ? name : `${name}=${value}`)),
    ...(list.length > 0 ? [`${flagList}=${list.join(";")}`] : []),
  ];
  return parts.length === 0 ? undefined : `${key}: ${parts.join(",")}`;
}

/** What of a line stands in its list of flags, and what may come to stand there. */
function flagsOf(text: string | undefined): Set<string> {
  const value = text === undefined ? undefined : parseOptions(parseEntry(text)?.value ?? "").get(flagList);
  return new Set([...mountFlags, ...(value?.split(";").filter(Boolean) ?? [])]);
}

// an option that is off by default and not there is off already
const off = (value: string | undefined): string => (value === "" ? "0" : (value ?? "0"));

/** The family of one line of options, of which the declared part is ours. */
export function optionsFamily(line: string): Family {
  const { key } = parseEntry(line)!;
  const declared = read(line);
  return {
    id: key,
    mode: "merged",
    has: (text) => parseEntry(text)?.key === key,
    lines: [line],
    gone: key !== "features",
    merge(current) {
      const [options, flags] = [read(current), flagsOf(current)];
      if ([...declared].every(([name, value]) => off(options.get(name)) === off(value))) return current;
      for (const [name, value] of declared) {
        if (off(value) === "0" && !options.has(name)) continue;
        if (value === "" || (value === "0" && flags.has(name))) options.delete(name);
        else options.set(name, value);
      }
      return print(key, options, flags);
    },
    unmerge(current, before) {
      const [options, was] = [read(current), read(before)];
      for (const name of declared.keys()) {
        const value = was.get(name);
        if (value === undefined) options.delete(name);
        else options.set(name, value);
      }
      return print(key, options, flagsOf(current));
    },
  };
}
