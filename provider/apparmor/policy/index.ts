/** What profiles mean: which accesses they allow, how two differ, which of their rules say nothing. */
export { compare } from "./compare.js";
export { compareFiles, type AttributeChange, type FileComparison, type ProfileComparison } from "./compare-files.js";
export { execConflicts, type ExecConflict } from "./conflicts.js";
export { decide } from "./decide.js";
export { describeAccess } from "./message.js";
export { modeOf, type Mode } from "./mode.js";
export { exception, overlap, type NamedClass, type Overlap } from "./overlap.js";
export { policyOf, type PolicyOptions } from "./policy.js";
export { redundantRules, type Redundancy } from "./redundant.js";
export { GlobError, LimitError } from "../glob/index.js";
export type * from "./types.js";
