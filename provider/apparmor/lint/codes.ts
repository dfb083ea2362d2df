import type { Severity } from "./types.js";

/** Every finding with the severity that it has at least once; its page is `docs/findings/<code>.md`. */
export const findings = {
  "whole-share-writable": "warning",
  "no-audit": "warning",
  "network-unrestricted": "warning",
  "raw-socket": "warning",
  "file-unrestricted": "warning",
  "no-op-allow": "warning",
  "redundant-rule": "info",
  "shadowed-rule": "warning",
  "unconfined-profile": "warning",
  "complain-mode": "warning",
  "deny-in-complain": "warning",
  "bare-mount": "warning",
  "unconfined-exec": "warning",
  "change-profile-unconfined": "warning",
  "all-capabilities": "info",
  "dangerous-capability": "warning",
  "kernel-memory": "error",
  "kernel-interface-writable": "warning",
  "runtime-socket": "warning",
  "device-glob": "warning",
  "container-name": "error",
  "container-boot": "error",
} as const satisfies Record<string, Severity>;

export type FindingCode = keyof typeof findings;
