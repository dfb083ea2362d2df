/** Globs as regular languages of bytes, and automata that tell many of them apart at once. */
export { buildDfa, dead, maxStates, type Dfa } from "./dfa.js";
export { GlobError, LimitError, shorten } from "./error.js";
export type { Language } from "./nfa.js";
export { parseGlob, type GlobOptions } from "./parse.js";
export * from "./regex.js";
export { collapseSlashes } from "./slashes.js";
export { reachable, type Reached } from "./walk.js";
