import { IdMapError, normalise, parseEntry, type Entry } from "../idmap/index.js";

/** What the running container really has. */
export interface Live {
  /** its first process on the node; undefined where that could not be told */
  pid?: number;
  /** tells this start from any other: the process and the moment, in clock ticks since the node's start */
  start?: string;
  /** the AppArmor profile that it runs under; in a namespace of its own, the outer one */
  profile?: string;
  /** `enforce`, `complain`, …; undefined for `unconfined` and within a namespace */
  mode?: string;
  /** the ids that its processes have */
  idmap?: Entry[];
  /** the node's user that its root file system belongs to */
  owner?: number;
}

/** Reads a node's answer; undefined where the container doesn't run. */
export function parseLive(text: string): Live | undefined {
  const lines = text.split("\n");
  if (lines[0] !== "running") return undefined;
  const field = (name: string) => lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1).trim() || undefined;
  const pid = Number(field("pid") ?? NaN);
  if (!Number.isInteger(pid)) return {};
  const map = lines.filter((line) => /^[ug] \d+ \d+ \d+$/.test(line));
  const [, profile, mode] = /^(.*?)(?:\/\/&.*|(?: \(([a-z]+)\))?)$/.exec(field("label") ?? "") ?? [];
  const owner = /^\d+/.exec(field("owner") ?? "")?.[0];
  const started = field("started");
  return {
    pid,
    ...(started === undefined ? {} : { start: `${pid}.${started}` }),
    ...(profile ? { profile } : {}),
    ...(mode ? { mode } : {}),
    ...(map.length > 0 ? readMap(map) : {}),
    ...(owner === undefined ? {} : { owner: Number(owner) }),
  };
}

/** A node that says what can't be has said nothing. */
function readMap(lines: string[]): Pick<Live, "idmap"> {
  try {
    return { idmap: normalise(lines.map(parseEntry)) };
  } catch (error) {
    if (error instanceof IdMapError) return {};
    throw error;
  }
}
