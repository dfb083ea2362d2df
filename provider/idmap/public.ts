/**
 * Maps for `idmap` of `LxcContainerSecurity`, from what one wishes of them.
 *
 * @example
 * // everything shifted by 100000, but uid 1000 is the node's, and the groups video and render pass through
 * idmap.buildIdMap([idmap.mapId("u", 1000, 1000), ...idmap.passThrough("g", 44, 104)])
 */
export { buildIdMap, type Building } from "./build.js";
export type { Entry } from "./entry.js";
export { IdMapError, type IdMapProblem } from "./error.js";
export { mapId, mapRange, passThrough, type Wish } from "./wish.js";
