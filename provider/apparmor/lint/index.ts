/** What is wrong with a profile that the compiler accepts. */
export { findings, type FindingCode } from "./codes.js";
export { applyEdits } from "./edits.js";
export { lint } from "./lint.js";
export type * from "./types.js";
