/**
 * Declares the security posture of LXC containers on Proxmox VE.
 *
 * @packageDocumentation
 */
export * from "./resources/apparmor-profile.js";
export * from "./resources/cluster-apparmor-profile.js";
export * from "./resources/gpu-passthrough.js";
export * from "./resources/lxc-container-security.js";
export * as apparmor from "./apparmor/build/index.js";
export * as idmap from "./idmap/public.js";
export { standardDeviceRules } from "./devices/standard.js";
export { PostureError, type ErrorCode } from "./errors.js";
export * from "./phoenix/index.js";
