import { anyByte, anyField, sequence, set, setOf, star, text, type Regex } from "../glob/index.js";
import { acceptAccess, bindAccess, createAccess, localAccesses, peerAccesses } from "./bits.js";
import { add, type Context, type Effect } from "./context.js";
import { joined, type Pattern } from "./patterns.js";

export interface UnixEnds {
  /** socket types by number; undefined for every type */
  types: readonly (number | undefined)[];
  address?: string | undefined;
  label?: string | undefined;
  peerAddress?: string | undefined;
  peerLabel?: string | undefined;
}

const hex: Regex = set(setOf(Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0))));

/**
 * Sockets of the unix family: strings `s` type for creating, `l` type, address and label for what a socket does alone, `p`
 * those and the peer's for what it does with another.
 */
export function addUnix(context: Context, effect: Effect, permissions: number, ends: UnixEnds): void {
  const { types, address, label, peerAddress, peerLabel } = ends;
  const hasPeer = peerAddress !== undefined || peerLabel !== undefined;
  for (const type of types) {
    const socket: Pattern = { key: String(type ?? "*"), regex: set(type === undefined ? anyByte : setOf([type])) };
    if (!hasPeer) add(context, "unix", effect, joined("s", socket), permissions & createAccess);
    const own = [addressOf(context, address), labelOf(context, label)];
    let alone = permissions & localAccesses & ~createAccess;
    if (address === "auto") {
      // to ask for an address of the kernel's choice is to bind to the empty one
      add(context, "unix", effect, joined("l", socket, { key: "auto?", regex: text("\0") }, labelOf(context, label)), alone & bindAccess);
      alone &= ~bindAccess;
    }
    add(context, "unix", effect, joined("l", socket, ...own), alone & (hasPeer ? acceptAccess : ~0));
    add(
      context,
      "unix",
      effect,
      joined("p", socket, ...own, { key: "", regex: text("\x01") }, addressOf(context, peerAddress), labelOf(context, peerLabel)),
      permissions & peerAccesses,
    );
  }
}

/** `none` is byte 1, an abstract address byte 0 and the name; 0 closes it. */
function addressOf({ patterns }: Context, address: string | undefined): Pattern {
  const end = text("\0");
  if (address === undefined) return { key: "\x01any", regex: sequence(star(anyByte), end) };
  if (address === "none") return { key: address, regex: sequence(text("\x01"), end) };
  if (address === "auto") return { key: address, regex: sequence(text("\0"), hex, hex, hex, hex, hex, end) };
  const { key, regex } = patterns.address(address);
  return { key, regex: sequence(text("\0"), regex, end) };
}

function labelOf({ patterns }: Context, label: string | undefined): Pattern {
  const pattern = label === undefined ? { key: "\x01any", regex: anyField } : patterns.name(label);
  return { key: pattern.key, regex: sequence(pattern.regex, text("\0")) };
}
