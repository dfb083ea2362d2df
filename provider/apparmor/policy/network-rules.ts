import type { NetworkRule, UnixRule } from "../ast.js";
import { anyByte, sequence, set, setOf, text, type ByteSet } from "../glob/index.js";
import { accessNames, networkFamilies, networkProtocols, socketTypes, unixSocketTypes } from "../names/index.js";
import type { ResolvedRule } from "../resolve/types.js";
import { endPattern } from "./addresses.js";
import { bitsOf, createAccess, localAccesses, peerAccesses } from "./bits.js";
import { add, effectOf, type Context, type Effect } from "./context.js";
import { anyPattern, joined, whole, type Pattern } from "./patterns.js";
import { addUnix } from "./unix-rules.js";

/** Families that have addresses and ports. */
export const internet: readonly number[] = [networkFamilies.inet, networkFamilies.inet6];
/** Every number that a rule without family covers: AF_UNSPEC to AF_MCTP. */
const allFamilies = Array.from({ length: 46 }, (_, family) => family);
const allTypes: readonly number[] = Object.values(socketTypes);

/** What a rule names: sockets of one family and some types; `protocol` is what the compiler writes for `icmp`. */
interface Sockets {
  family: number;
  /** every type, those too that no rule can name */
  any: boolean;
  types: readonly number[];
  protocol?: string;
}

/** `network inet stream,`: strings `s` family and type for creating (and all else but for the Internet), `l` and `p` for the rest. */
export function addNetworkRule(context: Context, source: ResolvedRule, rule: NetworkRule): void {
  const effect = effectOf(source);
  const permissions = bitsOf(
    "network",
    rule.access.flatMap(({ value }) => accessNames("network", value)),
  );
  for (const sockets of socketsOf(rule)) {
    addSockets(context, effect, sockets, permissions, rule);
    // the compiler forgets the priority there, and silences just the denials that should be logged
    const { audit = false, mode = "allow" } = rule.qualifiers;
    if (sockets.family === networkFamilies.unix)
      addUnix(context, { ...effect, mode, priority: 0, audit }, bitsOf("unix", []), { types: sockets.any ? [undefined] : sockets.types });
  }
}

export function addSockets(context: Context, effect: Effect, sockets: Sockets, permissions: number, rule?: NetworkRule): void {
  const { family, any, types, protocol } = sockets;
  const bytes: ByteSet = any ? anyByte : setOf(types);
  const stub: Pattern = { key: `${family}/${any ? "*" : types.join()}`, regex: sequence(text(String.fromCharCode(family)), set(bytes)) };
  if (!internet.includes(family)) return add(context, "network", effect, whole("s", stub), permissions);
  add(context, "network", effect, whole("s", stub), permissions & createAccess);
  const proto = protocol === undefined ? sequence(set(anyByte), set(anyByte)) : text(protocol);
  const socket: Pattern = { key: `${stub.key}/${protocol ?? ""}`, regex: sequence(stub.regex, proto) };
  const local = endPattern(rule?.conditions ?? [], "local");
  add(context, "network", effect, joined("l", socket, local), permissions & localAccesses & ~createAccess);
  add(context, "network", effect, joined("p", socket, endPattern(rule?.peer ?? [], "peer"), labelled, local), permissions & peerAccesses);
}

/** Behind the peer's address: its label, which no rule can name yet, and the command. */
const labelled: Pattern = { key: "", regex: sequence(anyPattern.regex, text("\0\x01")) };

function socketsOf(rule: NetworkRule): Sockets[] {
  const conditional = rule.conditions.length > 0 || (rule.peer?.length ?? 0) > 0;
  const [family, type] = familyAndType(rule);
  if (family === undefined && type === undefined) {
    const families = conditional ? internet : allFamilies;
    return families.map((number) => ({ family: number, any: !conditional, types: allTypes }));
  }
  const protocol =
    type !== undefined && Object.hasOwn(networkProtocols, type) ? networkProtocols[type as keyof typeof networkProtocols] : undefined;
  const named = family === undefined ? (protocol?.families ?? Object.keys(networkFamilies)) : [family];
  const numbers = named
    .map((name) => networkFamilies[name as keyof typeof networkFamilies])
    .filter((number) => number !== undefined && (!conditional || internet.includes(number)));
  const types = type === undefined ? allTypes : [socketTypes[(protocol?.type ?? type) as keyof typeof socketTypes]];
  return numbers.map((number) => ({ family: number, any: false, types, ...(type === "icmp" ? { protocol: icmp } : {}) }));
}

/** The compiler writes a mask, 1 << 1, where the kernel has the protocol's number. */
const icmp = "\0\x02";

/** A lone word is a family, or else a type or protocol. */
function familyAndType({ family, type }: NetworkRule): [string | undefined, string | undefined] {
  if (family && !type && !Object.hasOwn(networkFamilies, family.value)) return [undefined, family.value];
  return [family?.value, type?.value];
}

/** `unix (send) type=stream addr=@x,`, and what it allows of unix sockets in general. */
export function addUnixRule(context: Context, source: ResolvedRule, rule: UnixRule): void {
  const effect = effectOf(source);
  const value = (list: UnixRule["conditions"] | undefined, name: string): string | undefined =>
    list?.find((condition) => condition.name === name)?.values[0]?.value;
  const type = value(rule.conditions, "type");
  const number = type === undefined ? undefined : unixSocketTypes[type as keyof typeof unixSocketTypes];
  const permissions = bitsOf(
    "unix",
    rule.access.flatMap(({ value }) => accessNames("unix", value)),
  );
  const ends = {
    address: value(rule.conditions, "addr"),
    label: value(rule.conditions, "label"),
    peerAddress: value(rule.peer, "addr"),
    peerLabel: value(rule.peer, "label"),
  };
  addUnix(context, effect, permissions, { types: [number], ...ends });
  // older kernels know only this; denials would be too wide
  if (effect.mode === "deny") return;
  addSockets(
    context,
    { ...effect, priority: 0 },
    { family: networkFamilies.unix, any: number === undefined, types: number === undefined ? [] : [number] },
    permissions,
  );
}
