export * from "./resources/apparmor-profile.js";
export * from "./resources/gpu-passthrough.js";
export * from "./resources/lxc-container-security.js";
export { PostureError, type ErrorCode } from "./errors.js";
