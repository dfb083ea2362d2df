/**
 * AppArmor profiles as values: one function for each kind of rule, each result plain, frozen data.
 *
 * @example
 * const { profile, profileFile, include, file, exec, audit, deny, network } = apparmor;
 * const web = profileFile(
 *   { abi: "abi/4.0", includes: ["tunables/global"] },
 *   profile("lxc-web", { flags: ["attach_disconnected"] }, [
 *     include("abstractions/base"),
 *     file("/srv/www/**", "r"),
 *     exec("/usr/sbin/nginx", "ix"),
 *     audit(deny("/sys/firmware/**", "rwklx")),
 *     network("inet", "stream"),
 *   ]),
 * );
 */
export { dbus, ioUring, mqueue, ptrace, signal, unix, userns, type DbusOptions, type OneOrMore, type UnixOptions } from "./accesses.js";
export { confine, unlisted, type ConfineOptions, type Listed } from "./confine.js";
export { exec, file, link, type ExecOptions, type GrantedExecMode, type PlainFileRule } from "./files.js";
export { literal } from "./literal.js";
export type { DeniedPermissions, FilePermission, FilePermissions } from "./permissions.js";
export { hat, profile, profileFile, type Entry, type Preamble, type ProfileFile, type ProfileOptions } from "./profile.js";
export { allow, audit, deny, owner, priority, prompt, type Many, type Qualifiable } from "./qualifiers.js";
export {
  all, capability, changeProfile, mount, network, pivotRoot, remount, rlimit, umount, type MountOptions, type NetworkOptions,
  type RlimitUnit,
} from "./rules.js";
export { abi, alias, comment, include, raw, variable } from "./statements.js";
export { toText } from "./text.js";
