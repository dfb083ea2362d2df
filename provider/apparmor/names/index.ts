/** The words of the AppArmor language: what apparmor_parser 4.1 knows, as const tables with literal types. */
export * from "./accesses.js";
export * from "./capabilities.js";
export * from "./errors.js";
export * from "./exec.js";
export * from "./flags.js";
export * from "./mount.js";
export * from "./network.js";
export * from "./rlimits.js";
export * from "./signals.js";
