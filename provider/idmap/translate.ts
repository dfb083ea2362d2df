import { rangeOf, type IdType, type Side } from "./entry.js";
import type { IdMap } from "./map.js";
import { has } from "./range.js";

function translate(map: IdMap, type: IdType, id: number, from: Side, to: Side): number | undefined {
  const entry = map.find((one) => one.type === type && has(rangeOf(one, from), id));
  return entry && entry[to] + (id - entry[from]);
}

/** The id of the node that an id of the container stands for; undefined where it is not mapped. */
export const toHost = (map: IdMap, type: IdType, id: number): number | undefined => translate(map, type, id, "container", "host");

/** The id of the container that an id of the node is there; undefined where it is not mapped (there, nobody: 65534). */
export const toContainer = (map: IdMap, type: IdType, id: number): number | undefined => translate(map, type, id, "host", "container");
