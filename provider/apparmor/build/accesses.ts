import type { Condition, DbusRule, IoUringRule, MqueueRule, PtraceRule, SignalRule, UnixRule, UsernsRule, Word } from "../ast.js";
import {
  dbusAccesses, ioUringAccesses, mqueueAccesses, mqueueTypes, networkAccesses, ptraceAccesses, signalAccesses, signalNumber,
  unixSocketTypes, type DbusAccess, type IoUringAccess, type MqueueAccess, type MqueueType, type NetworkAccess, type PtraceAccess,
  type Signal, type SignalAccess, type UnixSocketType,
} from "../names/index.js";
import { frozen, onlyKeys, oneOf, refuse, several, word } from "./check.js";

/** One name or several. */
export type OneOrMore<T> = T | readonly T[];

/** Accesses by name: `access(signalAccesses)("send", "signal()")`. */
const known = (names: readonly string[]) => (value: string, where: string): Word => oneOf(value, names, where);

/** The options that are there as conditions, in the order of `names`, whatever the order of the keys. */
export function conditionsOf<K extends string>(options: { readonly [key in K]?: unknown }, names: readonly K[], where: string): Condition[] {
  return names.flatMap((name) => {
    const value = options[name] as OneOrMore<string> | undefined;
    return value === undefined ? [] : [{ name, operator: "=" as const, values: several(value, `${where}: ${name}`, word) }];
  });
}

/** `signal("send", { set: ["term", "kill"], peer: "lxc-951" })`; nothing given means all there is. */
export function signal(access?: OneOrMore<SignalAccess>, options: { set?: OneOrMore<Signal>; peer?: string } = {}): SignalRule {
  onlyKeys(options, ["set", "peer"], "signal()");
  several(options.set, "signal(): set", (name, where) => (signalNumber(name) === undefined ? refuse(where, `no signal is called ${name}`) : { value: name }));
  const words = several(access, "signal(): the access", known(signalAccesses));
  return frozen({ kind: "signal", qualifiers: {}, access: words, conditions: conditionsOf(options, ["set", "peer"], "signal()") });
}

/** `ptrace(["read", "trace"], { peer: "lxc-951" })`; `readby` and `tracedby` are what others may do to this profile. */
export function ptrace(access?: OneOrMore<PtraceAccess>, options: { peer?: string } = {}): PtraceRule {
  onlyKeys(options, ["peer"], "ptrace()");
  const words = several(access, "ptrace(): the access", known(ptraceAccesses));
  return frozen({ kind: "ptrace", qualifiers: {}, access: words, conditions: conditionsOf(options, ["peer"], "ptrace()") });
}

export interface UnixOptions {
  type?: UnixSocketType;
  /** `none`, or `@…` of an abstract socket */
  addr?: string;
  label?: string;
  peer?: { addr?: string; label?: string };
}

/** `unix(["send", "receive"], { type: "stream", peer: { label: "x" } })` */
export function unix(access?: OneOrMore<NetworkAccess>, options: UnixOptions = {}): UnixRule {
  onlyKeys(options, ["type", "addr", "label", "peer"], "unix()");
  if (options.type !== undefined) oneOf(options.type, Object.keys(unixSocketTypes), "unix(): type");
  return frozen({
    kind: "unix",
    qualifiers: {},
    access: several(access, "unix(): the access", known(networkAccesses)),
    conditions: conditionsOf(options, ["type", "addr", "label"], "unix()"),
    ...peerOf(options.peer, ["addr", "label"], "unix()"),
  });
}

export interface DbusOptions {
  bus?: "system" | "session" | (string & {});
  path?: string;
  interface?: string;
  member?: string;
  /** the name to own: with `bind` */
  name?: string;
  peer?: { name?: string; label?: string };
}

/** `dbus("send", { bus: "system", path: "/org/x", peer: { name: "org.x" } })` */
export function dbus(access?: OneOrMore<DbusAccess>, options: DbusOptions = {}): DbusRule {
  onlyKeys(options, ["bus", "path", "interface", "member", "name", "peer"], "dbus()");
  return frozen({
    kind: "dbus",
    qualifiers: {},
    access: several(access, "dbus(): the access", known(dbusAccesses)),
    conditions: conditionsOf(options, ["bus", "path", "interface", "member", "name"], "dbus()"),
    ...peerOf(options.peer, ["name", "label"], "dbus()"),
  });
}

/** The making of user namespaces. Since AppArmor 4. */
export function userns(): UsernsRule {
  return frozen({ kind: "userns", qualifiers: {}, access: [{ value: "create" }], conditions: [] });
}

/** `mqueue(["read", "write"], { type: "posix", name: "/queue" })`. Since AppArmor 4. */
export function mqueue(access?: OneOrMore<MqueueAccess>, options: { type?: MqueueType; label?: string; name?: string } = {}): MqueueRule {
  onlyKeys(options, ["type", "label", "name"], "mqueue()");
  if (options.type !== undefined) oneOf(options.type, mqueueTypes, "mqueue(): type");
  return frozen({
    kind: "mqueue",
    qualifiers: {},
    access: several(access, "mqueue(): the access", known(mqueueAccesses)),
    conditions: conditionsOf(options, ["type", "label"], "mqueue()"),
    ...(options.name !== undefined && { name: word(options.name, "mqueue(): name") }),
  });
}

/** `ioUring("sqpoll", { label: "x" })`. Since AppArmor 4. */
export function ioUring(access?: OneOrMore<IoUringAccess>, options: { label?: string } = {}): IoUringRule {
  onlyKeys(options, ["label"], "ioUring()");
  const words = several(access, "ioUring(): the access", known(ioUringAccesses));
  return frozen({ kind: "io_uring", qualifiers: {}, access: words, conditions: conditionsOf(options, ["label"], "ioUring()") });
}

export function peerOf<K extends string>(peer: { readonly [key in K]?: string } | undefined, names: readonly K[], where: string): { peer?: Condition[] } {
  if (peer === undefined) return {};
  onlyKeys(peer, names, `${where}: peer`);
  const conditions = conditionsOf(peer, names, `${where}: peer`);
  return conditions.length > 0 ? { peer: conditions } : refuse(`${where}: peer`, `is empty: give ${names.join(" or ")}, or leave it out`);
}
