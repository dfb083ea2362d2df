import type { Condition, DbusRule, IoUringRule, MqueueRule, PtraceRule, SignalRule, UsernsRule, Word } from "../ast.js";
import { anyByte, sequence, set, setOf, text } from "../glob/index.js";
import { accessNames, signalNumber, type AccessRuleKind } from "../names/index.js";
import type { ResolvedRule } from "../resolve/types.js";
import { bitsOf } from "./bits.js";
import { add, effectOf, type Context, type Effect } from "./context.js";
import { anyPattern, fields, joined, nothing, someName, whole, type Pattern, type Words } from "./patterns.js";

type Kind = Exclude<AccessRuleKind, "network">;

const named = (kind: Kind, access: readonly Word[]): string[] => access.flatMap(({ value }) => accessNames(kind, value));
const accesses = (kind: Kind, access: readonly Word[]): number => bitsOf(kind, named(kind, access));

function valueOf(conditions: readonly Condition[] | undefined, name: string): string | undefined {
  return conditions?.find((condition) => condition.name === name)?.values[0]?.value;
}

const nameOr = ({ patterns }: Context, value: string | undefined, other: Pattern): Pattern =>
  value === undefined ? other : patterns.name(value);

/** `signal (send) set=(kill) peer=x,`: strings of the signal's number and the peer's label. */
export function addSignalRule(context: Context, source: ResolvedRule, rule: SignalRule): void {
  const numbers = rule.conditions
    .filter(({ name }) => name === "set")
    .flatMap(({ values }) => values.map(({ value }) => signalNumber(value) ?? 0));
  const peer = nameOr(context, valueOf(rule.conditions, "peer"), someName);
  const bytes = set(numbers.length === 0 ? anyByte : setOf(numbers));
  const words = joined("", { key: numbers.join(), regex: bytes }, peer);
  add(context, "signal", effectOf(source), words, accesses("signal", rule.access));
}

/** `ptrace (read) peer=x,`: the peer's label. */
export function addPtraceRule(context: Context, source: ResolvedRule, rule: PtraceRule): void {
  add(
    context,
    "ptrace",
    effectOf(source),
    fields(nameOr(context, valueOf(rule.conditions, "peer"), someName)),
    accesses("ptrace", rule.access),
  );
}

/** `dbus send bus=system …,`: strings `b` bus and name to bind, `m` bus, name, label, path, interface and member, `e` bus. */
export function addDbusRule(context: Context, source: ResolvedRule, rule: DbusRule): void {
  const subject = valueOf(rule.conditions, "name");
  const value = (name: string): string | undefined => valueOf(rule.conditions, name) ?? valueOf(rule.peer, name);
  const message =
    ["path", "interface", "member", "label"].some((name) => value(name) !== undefined) || valueOf(rule.peer, "name") !== undefined;
  const implied = message ? ["send", "receive"] : subject !== undefined ? ["bind"] : [];
  const permissions = bitsOf("dbus", rule.access.length > 0 ? named("dbus", rule.access) : implied);
  const field = (name: string): Pattern => nameOr(context, value(name), anyPattern);
  const path = value("path");
  const [bus, name, label] = [field("bus"), field("name"), field("label")];
  const effect = effectOf(source);
  const some = (...names: string[]): number => permissions & bitsOf("dbus", names);
  add(context, "dbus", effect, dbusWords("b", bus, name), some("bind"));
  const object = path === undefined ? anyPattern : context.patterns.path(path);
  add(context, "dbus", effect, dbusWords("m", bus, name, label, object, field("interface"), field("member")), some("send", "receive"));
  add(context, "dbus", effect, dbusWords("e", bus), some("eavesdrop"));
}

/** The first field has the kind of string before the bus; fields that a kind has not are empty. */
function dbusWords(kind: string, bus: Pattern, ...others: Pattern[]): Words {
  const first = { key: kind + bus.key, regex: sequence(text(kind), bus.regex) };
  return fields(first, ...others, ...Array.from({ length: 5 - others.length }, () => nothing));
}

/** `mqueue rw /name,`: strings `p` and the name, or `v` and the key, alone and with the label. */
export function addMqueueRule(context: Context, source: ResolvedRule, rule: MqueueRule): void {
  const effect = effectOf(source);
  const permissions = accesses("mqueue", rule.access);
  const name = rule.name?.value;
  const label = valueOf(rule.conditions, "label");
  const type =
    name === undefined
      ? valueOf(rule.conditions, "type")
      : name.startsWith("/")
        ? "posix"
        : /^\d/.test(name)
          ? "sysv"
          : valueOf(rule.conditions, "type");
  const both = (prefix: string, what: Pattern, peer: Pattern): void => {
    if (label === undefined) add(context, "mqueue", effect, whole(prefix, what), permissions);
    add(context, "mqueue", effect, whole(prefix, what, peer), permissions);
  };
  if (type !== "sysv") both("p", nameOr(context, name, anyPattern), nameOr(context, label, someName));
  if (type === "posix") return;
  const byte = set(anyByte);
  const key: Pattern =
    name === undefined ? { key: "*", regex: sequence(byte, byte, byte, byte) } : { key: name, regex: text(keyBytes(Number(name))) };
  // without a type the compiler writes the label twice for the second kind of queue
  both("v", key, nameOr(context, label === undefined || type === "sysv" ? label : label + label, someName));
}

/** A System V key as the kernel matches it: four bytes, the highest first. */
export function keyBytes(key: number): string {
  return String.fromCharCode((key >>> 24) & 255, (key >>> 16) & 255, (key >>> 8) & 255, key & 255);
}

export function addUsernsRule(context: Context, source: ResolvedRule, rule: UsernsRule): void {
  add(context, "userns", effectOf(source), fields(nothing), accesses("userns", rule.access));
}

/** `io_uring override_creds label=x,`: `s` for both accesses, and `l` with the label for override_creds. */
export function addIoUringRule(context: Context, source: ResolvedRule, rule: IoUringRule): void {
  const effect: Effect = effectOf(source);
  const permissions = accesses("io_uring", rule.access);
  add(context, "io_uring", effect, whole("s"), permissions);
  const label = valueOf(rule.conditions, "label") ?? valueOf(rule.peer, "label");
  add(context, "io_uring", effect, whole("l", nameOr(context, label, anyPattern)), permissions & bitsOf("io_uring", ["override_creds"]));
}
