import { anyByte, choice, sequence, set, setOf, text, type Regex } from "../glob/index.js";
import type { Condition } from "../ast.js";
import type { Pattern } from "./patterns.js";

/** How an Internet address is written as bytes: its size as a code, then the address. */
const sizes = { none: "\0", ipv4: "\x01", ipv6: "\x02" };

const byte: Regex = set(anyByte);
const anyAddress = choice(
  text(sizes.none),
  sequence(text(sizes.ipv4), byte, byte, byte, byte),
  sequence(text(sizes.ipv6), ...Array.from({ length: 16 }, () => byte)),
);

/** Type of port (of a peer or not), port, address and a closing 0. */
export function endPattern(conditions: readonly Condition[], side: "peer" | "local"): Pattern {
  const value = (name: string): string | undefined => conditions.find((condition) => condition.name === name)?.values[0]?.value;
  const [address, port] = [value("ip"), value("port")];
  const regex = sequence(
    portPattern(port, side),
    address === undefined ? anyAddress : text(addressBytes(address) ?? sizes.none),
    text("\0"),
  );
  return { key: `${side}:${port ?? ""}:${address ?? ""}`, regex };
}

function portPattern(port: string | undefined, side: "peer" | "local"): Regex {
  if (port === undefined) return sequence(byte, byte, byte);
  const [from = 0, to = from] = port.split("-").map(Number);
  // the compiler takes port 0 for any
  if (from === 0 && to === 0) return sequence(text(portType(side)), byte, byte);
  return sequence(text(portType(side)), portRange(from, to));
}

/** Whose port it is. The compiler knows privileged ones too, for rules that allow to bind. */
export function portType(side: "peer" | "local"): string {
  return side === "peer" ? "\x02" : "\0";
}

function portRange(from: number, to: number): Regex {
  const [high, last] = [from >> 8, to >> 8];
  const range = (first: number, end: number): Regex => set(setOf(Array.from({ length: end - first + 1 }, (_, index) => first + index)));
  if (high === last) return sequence(range(high, high), range(from & 255, to & 255));
  const parts = [sequence(range(high, high), range(from & 255, 255)), sequence(range(last, last), range(0, to & 255))];
  if (last - high > 1) parts.push(sequence(range(high + 1, last - 1), byte));
  return choice(...parts);
}

/** `10.0.0.1`, `::1` or `none` as bytes; undefined when it is none of them. */
export function addressBytes(address: string): string | undefined {
  if (address === "none") return sizes.none;
  const ipv4 = quad(address);
  if (ipv4 !== undefined) return sizes.ipv4 + ipv4;
  const ipv6 = hextets(address);
  return ipv6 === undefined ? undefined : sizes.ipv6 + ipv6;
}

function quad(address: string): string | undefined {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return String.fromCharCode(...parts.map(Number));
}

function hextets(address: string): string | undefined {
  const halves = address.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? "" : half.split(":").map(hextet).join("")));
  const bytes = tail === undefined ? head! : head! + "\0".repeat(Math.max(0, 16 - head!.length - tail.length)) + tail;
  return bytes.length === 16 ? bytes : undefined;
}

function hextet(part: string): string {
  const ipv4 = quad(part);
  if (ipv4 !== undefined) return ipv4;
  const value = parseInt(part, 16);
  return String.fromCharCode((value >> 8) & 255, value & 255);
}

/** The address that bytes stand for, without its size. */
export function addressText(bytes: string): string {
  const codes = Array.from(bytes, (character) => character.charCodeAt(0));
  if (bytes.length === 0) return "none";
  if (bytes.length === 4) return codes.join(".");
  return Array.from({ length: 8 }, (_, index) => ((codes[2 * index]! << 8) | codes[2 * index + 1]!).toString(16)).join(":");
}
