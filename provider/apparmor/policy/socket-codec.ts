import { textOf, bytesOf } from "../glob/index.js";
import { networkFamilies, unixSocketTypes } from "../names/index.js";
import { addressBytes, addressText, portType } from "./addresses.js";
import { acceptAccess, bitsOf, createAccess, localAccesses, namesOf, peerAccesses } from "./bits.js";
import { internet } from "./network-rules.js";
import type { Access, InternetAddress } from "./types.js";
import type { Query } from "./query.js";

type Network = Extract<Access, { class: "network" }>;
type Unix = Extract<Access, { class: "unix" }>;

/** Protocols as compiled policy has them. */
const protocols: Record<string, string> = { icmp: "\0\x02" };
const noProtocol = "\0\0";

const byte = (number: number): string => String.fromCharCode(number & 255);
const numberOf = (table: Record<string, number>, name: string): number =>
  Object.hasOwn(table, name) ? table[name]! : parseInt(name.replace("#", ""), 10) || 0;
const nameOf = (table: Record<string, number>, number: number): string =>
  Object.keys(table).find((name) => table[name] === number) ?? `#${number}`;

function endBytes(side: "peer" | "local", { address, port = 0 }: InternetAddress = {}): string {
  return portType(side) + byte(port >> 8) + byte(port) + (addressBytes(address ?? "none") ?? "\0") + "\0";
}

export function networkQueries(access: Network): Query[] {
  const family = numberOf(networkFamilies, access.family);
  const socket = byte(family) + byte(numberOf(unixSocketTypes, access.type ?? "stream"));
  const bits = bitsOf("network", access.access ?? []);
  if (!internet.includes(family)) return [{ table: "network", bytes: `s${socket}`, bits }];
  const full = socket + (access.protocol === undefined ? noProtocol : (protocols[access.protocol] ?? noProtocol));
  const local = endBytes("local", access.local);
  const queries: Query[] = [
    { table: "network", bytes: `s${socket}`, bits: bits & createAccess },
    { table: "network", bytes: `l${full}${local}`, bits: bits & localAccesses & ~createAccess },
    { table: "network", bytes: `p${full}${endBytes("peer", access.peer)}\0\x01${local}`, bits: bits & peerAccesses },
  ];
  return queries.filter((query) => query.bits !== 0);
}

function readEnd(bytes: string, at: number): { end: InternetAddress; next: number } {
  const port = (bytes.charCodeAt(at + 1) << 8) | bytes.charCodeAt(at + 2);
  const size = [0, 4, 16][bytes.charCodeAt(at + 3)] ?? 0;
  const next = at + 4 + size;
  const address = addressText(bytes.slice(at + 4, next));
  return { end: { ...(address === "none" ? {} : { address }), ...(port ? { port } : {}) }, next: next + 1 };
}

export function networkAccess(bytes: string, bits: number): Network {
  const base: Network = {
    class: "network",
    family: nameOf(networkFamilies, bytes.charCodeAt(1)),
    type: nameOf(unixSocketTypes, bytes.charCodeAt(2)),
    access: namesOf("network", bits),
  };
  if (bytes[0] === "s") return base;
  const protocol = Object.keys(protocols).find((name) => protocols[name] === bytes.slice(3, 5));
  const first = readEnd(bytes, 5);
  const local = bytes[0] === "l" ? first.end : readEnd(bytes, bytes.indexOf("\0\x01", first.next) + 2).end;
  return {
    ...base,
    ...(protocol ? { protocol } : {}),
    ...(Object.keys(local).length > 0 ? { local } : {}),
    ...(bytes[0] === "p" && Object.keys(first.end).length > 0 ? { peer: first.end } : {}),
  };
}

/** `none`, an abstract name `@x`, or `auto`: an address of the kernel's choice. */
function unixBytes(address = "none"): string {
  if (address === "none") return "\x01\0";
  if (address === "auto") return "\0";
  return `\0${bytesOf(address.replace(/^@/, ""))}\0`;
}

export function unixQueries(access: Unix): Query[] {
  const type = byte(numberOf(unixSocketTypes, access.type ?? "stream"));
  const bits = bitsOf("unix", access.access);
  const own = `${type}${unixBytes(access.address)}${bytesOf(access.label ?? "")}\0`;
  const hasPeer = access.peer !== undefined;
  const alone = localAccesses & ~createAccess & ~(hasPeer ? acceptAccess : 0);
  const queries: Query[] = [
    { table: "unix", bytes: `s${type}`, bits: bits & createAccess },
    { table: "unix", bytes: `l${own}`, bits: bits & alone },
    {
      table: "unix",
      bytes: `p${own}\x01${unixBytes(access.peer?.address)}${bytesOf(access.peer?.label ?? "")}\0`,
      bits: bits & peerAccesses & ~(hasPeer ? 0 : acceptAccess),
    },
  ];
  return queries.filter((query) => query.bits !== 0);
}

function readUnix(bytes: string, start: number): { address: string; label: string; next: number } {
  const upTo = (from: number): number => (bytes.indexOf("\0", from) < 0 ? bytes.length : bytes.indexOf("\0", from));
  let at = start;
  let address = "none";
  if (bytes[at] === "\x01") at += 2;
  else {
    const end = upTo(at + 1);
    // an empty address has no name and no second 0
    const empty = upTo(end + 1) >= bytes.length && bytes[end + 1] === undefined;
    address = empty ? "auto" : `@${textOf(bytes.slice(at + 1, end))}`;
    at = empty ? at + 1 : end + 1;
  }
  const end = upTo(at);
  return { address, label: textOf(bytes.slice(at, end)), next: end + 1 };
}

export function unixAccess(bytes: string, bits: number): Unix {
  const base: Unix = { class: "unix", type: nameOf(unixSocketTypes, bytes.charCodeAt(1)), access: namesOf("unix", bits) };
  if (bytes[0] === "s") return base;
  const own = readUnix(bytes, 2);
  const named = ({ address, label }: { address: string; label: string }) => ({ address, ...(label === "" ? {} : { label }) });
  return { ...base, ...named(own), ...(bytes[0] === "p" ? { peer: named(readUnix(bytes, own.next + 1)) } : {}) };
}
