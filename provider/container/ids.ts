import { defaultBase, defaultSize, eachType, endOfIds, IdMapError, parseMap, type Entry } from "../idmap/index.js";
import { parseEntry, parseOptions } from "./conf.js";
import type { Line } from "./lines.js";
import { isUnprivileged } from "./reading/unprivileged.js";

/**
 * The ids that a container has under its configuration: its `lxc.idmap`, else Proxmox VE's default, else those of the
 * node. Undefined where its map can't be read: the container does not start then.
 *
 * @param main the lines of the main section
 */
export function idsOf(main: readonly Line[]): Entry[] | undefined {
  const values = main.map(({ text }) => parseEntry(text)).flatMap((entry) => (entry?.key === "lxc.idmap" ? [entry.value] : []));
  try {
    if (values.length > 0) return parseMap(values);
  } catch (error) {
    if (error instanceof IdMapError) return undefined;
    throw error;
  }
  return isUnprivileged(main) ? both(defaultBase, defaultSize) : both(0, endOfIds);
}

const both = (host: number, count: number): Entry[] => eachType([{ type: "both" as const, container: 0, host, count }]);

/** Where the container's files are: in volumes of its own, and not in what it gets of the node. Paths have no slash before them. */
export interface Places {
  /** mount points that are volumes */
  volumes: string[];
  /** mount points that are directories or devices of the node */
  binds: string[];
}

/** The places of a container's files beside its root file system; undefined where it has none. Source: pct.conf(5). */
export function placesOf(main: readonly Line[]): Places | undefined {
  const properties = new Map(main.map(({ text }) => parseEntry(text)).flatMap((entry) => (entry ? [[entry.key, entry.value]] : [])));
  if (!properties.has("rootfs")) return undefined;
  const points = [...properties].filter(([key]) => /^mp\d+$/.test(key)).map(([, value]) => parseOptions(value, "volume"));
  const within = (node: boolean) =>
    points.filter((point) => (point.get("volume") ?? "").startsWith("/") === node).flatMap((point) => point.get("mp")?.replace(/^\/+|\/+$/g, "") || []);
  return { volumes: within(false), binds: within(true) };
}
