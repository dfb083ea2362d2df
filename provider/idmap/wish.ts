import type { IdType } from "./entry.js";
import { idTypes } from "./entry.js";

/** What somebody wants of a map, besides the shift of all other ids. */
export interface Wish {
  type: IdType | "both";
  /** the first id in the container */
  container: number;
  /** the first id on the node */
  host: number;
  count: number;
}

/** «Container uid 1000 is host uid 1000». */
export const mapId = (type: Wish["type"], container: number, host: number): Wish => ({ type, container, host, count: 1 });

/** «Container gids 2000 to 2999 are host gids 5000 to 5999». */
export const mapRange = (type: Wish["type"], container: number, host: number, count: number): Wish => ({ type, container, host, count });

/** «Gid 44 and 104 pass through»: they are the same in the container and on the node. */
export const passThrough = (type: Wish["type"], ...ids: number[]): Wish[] => ids.map((id) => mapId(type, id, id));

/** `uid 1000 = 1000`, or `gid 5 to 9 = 105 to 109`. */
export function printWish({ type, container, host, count }: Wish): string {
  const side = (start: number) => (count === 1 ? `${start}` : `${start} to ${start + count - 1}`);
  const name = type === "both" ? "uid and gid" : `${type}id`;
  return `${name} ${side(container)} = ${side(host)}`;
}

/** The types that a wish is for. */
export const typesOf = (wish: Wish): readonly IdType[] => (wish.type === "both" ? idTypes : [wish.type]);
