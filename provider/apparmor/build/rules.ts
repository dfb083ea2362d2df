import type { AllRule, CapabilityRule, ChangeProfileRule, Condition, MountRule, NetworkRule, PivotRootRule, RlimitRule } from "../ast.js";
import {
  capabilities, isNetwork, mountOptions, networkAccesses, networkFamilies, networkProtocols, rlimits, sizeUnits, socketTypes, timeUnits,
  type Capability, type MountOption, type NetworkAccess, type NetworkFamily, type NetworkProtocol, type Rlimit, type SizeUnit,
  type SocketType, type TimeUnit,
} from "../names/index.js";
import { conditionsOf, peerOf, type OneOrMore } from "./accesses.js";
import { frozen, onlyKeys, oneOf, path, refuse, several, word } from "./check.js";

/** `capability("chown", "kill")`; `capability("all")` is every one there is (capabilities(7), in lower case without `CAP_`). */
export function capability(...names: [Capability, ...Capability[]] | ["all"]): CapabilityRule {
  if (names.length === 0) refuse("capability()", 'names none: say which, or "all"');
  const chosen = names[0] === "all" && names.length === 1 ? [] : names;
  return frozen({ kind: "capability", qualifiers: {}, names: chosen.map((name) => oneOf(name, capabilities, "capability()")) });
}

export interface NetworkOptions {
  access?: OneOrMore<NetworkAccess>;
  /** needs a kernel that mediates addresses and ports; AppArmor 3 has no such rules */
  ip?: string;
  port?: number | string;
  peer?: { ip?: string; port?: number | string };
}

/**
 * `network("inet", "stream")`, `network("inet6", "tcp")`, `network("tcp")` for every family that has it; `network()` is
 * the whole network.
 */
export function network(family?: NetworkFamily | SocketType | NetworkProtocol, type?: SocketType | NetworkProtocol, options: NetworkOptions = {}): NetworkRule {
  onlyKeys(options, ["access", "ip", "port", "peer"], "network()");
  // `packet` is a family and a type: alone it is the family
  const lone = family !== undefined && !Object.hasOwn(networkFamilies, family);
  if (lone && type !== undefined) refuse("network()", `${JSON.stringify(family)} is no family of addresses, such as inet`);
  const words = lone ? { family: undefined, type: family } : { family, type };
  if (!isNetwork(words.family, words.type)) {
    refuse("network()", `there is no ${[family, type].filter(Boolean).join(" ")}: expected a family and one of ${[...Object.keys(socketTypes), ...Object.keys(networkProtocols)].join(", ")}`);
  }
  const address = (of: { ip?: string; port?: number | string }) => ({ ...(of.ip !== undefined && { ip: of.ip }), ...(of.port !== undefined && { port: String(of.port) }) });
  return frozen({
    kind: "network",
    qualifiers: {},
    access: several(options.access, "network(): access", (value, where) => oneOf(value, networkAccesses, where)),
    ...(words.family && { family: { value: words.family } }),
    ...(words.type && { type: { value: words.type } }),
    conditions: conditionsOf(address(options), ["ip", "port"], "network()"),
    ...peerOf(options.peer && address(options.peer), ["ip", "port"], "network()"),
  });
}

export interface MountOptions {
  /** may hold globs: `fuse.*` */
  fstype?: OneOrMore<string>;
  /** exactly these, or with `{ in: […] }` any of them */
  options?: OneOrMore<MountOption> | { in: readonly MountOption[] };
  source?: string;
  target?: string;
}

/** `mount({ fstype: "tmpfs", options: ["rw", "nosuid"], source: "tmpfs", target: "/run/**" })`; nothing given means any mount. */
export function mount(options: MountOptions = {}): MountRule {
  onlyKeys(options, ["fstype", "options", "source", "target"], "mount()");
  return mountRule("mount", options);
}

/** `remount({ options: ["remount", "ro"], target: "/" })` */
export function remount(options: Omit<MountOptions, "source"> = {}): MountRule {
  onlyKeys(options, ["fstype", "options", "target"], "remount()");
  return mountRule("remount", options);
}

/** `umount("/mnt/**")`; without a target any */
export function umount(target?: string): MountRule {
  return mountRule("umount", target === undefined ? {} : { target });
}

function mountRule(kind: MountRule["kind"], { fstype, options, source, target }: MountOptions): MountRule {
  return frozen({
    kind,
    qualifiers: {},
    conditions: [...conditionsOf({ fstype }, ["fstype"], `${kind}()`), ...optionsOf(options, `${kind}(): options`)],
    ...(source !== undefined && { source: word(source, `${kind}(): source`) }),
    ...(target !== undefined && { target: path(target, `${kind}(): target`) }),
  });
}

function optionsOf(options: MountOptions["options"], where: string): Condition[] {
  if (options === undefined) return [];
  const any = typeof options === "object" && "in" in options;
  const values = several(any ? options.in : options, where, (value, at) => oneOf(value, Object.keys(mountOptions), at));
  return [{ name: "options", operator: any ? "in" : "=", values }];
}

/** `pivotRoot({ oldroot: "/mnt/old/", path: "/mnt/" })`; nothing given means any */
export function pivotRoot(options: { oldroot?: string; path?: string; to?: string } = {}): PivotRootRule {
  onlyKeys(options, ["oldroot", "path", "to"], "pivotRoot()");
  return frozen({
    kind: "pivot_root",
    qualifiers: {},
    conditions: conditionsOf(options, ["oldroot"], "pivotRoot()"),
    ...(options.path !== undefined && { path: path(options.path, "pivotRoot(): path") }),
    ...(options.to !== undefined && { target: word(options.to, "pivotRoot(): to") }),
  });
}

/**
 * `changeProfile("lxc-*")`: what aa_change_profile(2) may change to; with `exec` at the execution of that path.
 *
 * @param target `"**"` for every profile
 */
export function changeProfile(target: string, options: { exec?: string; environment?: "safe" | "unsafe" } = {}): ChangeProfileRule {
  onlyKeys(options, ["exec", "environment"], "changeProfile()");
  if (options.environment && options.exec === undefined) refuse("changeProfile()", `${options.environment} needs \`exec\``);
  return frozen({
    kind: "change_profile",
    qualifiers: {},
    ...(options.environment && { environment: options.environment }),
    ...(options.exec !== undefined && { exec: path(options.exec, "changeProfile(): exec") }),
    target: word(target, "changeProfile(): the target"),
  });
}

/** The units that a resource's limit can have. */
export type RlimitUnit<R extends Rlimit> = (typeof rlimits)[R] extends "size" ? SizeUnit : (typeof rlimits)[R] extends "time" | "microseconds" ? TimeUnit : never;

/** `rlimit("nofile", 1024)`, `rlimit("memlock", 64, "MB")`, `rlimit("cpu", 5, "min")`, `rlimit("nproc", "infinity")` */
export function rlimit<R extends Rlimit>(resource: R, value: number | "infinity", unit?: RlimitUnit<R>): RlimitRule {
  const where = `rlimit(${resource})`;
  oneOf(resource, Object.keys(rlimits), "rlimit()");
  const units = { size: Object.keys(sizeUnits), time: Object.keys(timeUnits), microseconds: Object.keys(timeUnits), number: [], nice: [] }[rlimits[resource]];
  if (value !== "infinity" && !(Number.isSafeInteger(value) && (value >= 0 || (resource === "nice" && value >= -20)))) refuse(where, `${value} is no limit`);
  if (resource === "nice" && typeof value === "number" && value > 19) refuse(where, `${value} is not from -20 to 19`);
  if (unit !== undefined && (units.length === 0 || value === "infinity")) refuse(where, "takes no unit");
  return frozen({
    kind: "rlimit",
    qualifiers: {},
    resource: { value: resource },
    value: { value: String(value) },
    ...(unit !== undefined && { unit: oneOf(unit, units, `${where}: the unit`) }),
  });
}

/** Everything that AppArmor mediates: what is left are the denials beside it. Since AppArmor 4. */
export function all(): AllRule {
  return frozen({ kind: "all", qualifiers: {} });
}
