/** Documents with their includes read, conditionals decided, blocks taken apart and variables known. */
export { ResolveError } from "./error.js";
export { includesFrom } from "./include-map.js";
export { parseLabel, type Label } from "./labels.js";
export { originOf } from "./origin.js";
export { resolve } from "./resolve.js";
export type * from "./types.js";
export { expandToGlob } from "./variables.js";
