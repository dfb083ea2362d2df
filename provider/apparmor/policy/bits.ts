import { networkAccesses } from "../names/index.js";
import type { TableName } from "./clause.js";

/** Permissions on a path: those of the file's owner, and seven bits higher those of others. */
export const fileLetters = "xwralkm";
export const fileBits = Object.fromEntries([...fileLetters].map((letter, index) => [letter, 1 << index])) as Record<string, number>;
export const otherShift = 7;
export const ownerMask = 0x7f;
export const bothHalves = (bits: number): number => bits | (bits << otherShift);

/** Permissions on a pair of link and target: `l`, and `subset`, which restricts it. */
export const linkBit = 1;
export const subsetBit = 2;

/** The names of the permissions that the bits of a table stand for. */
export const accessNamesOf: Partial<Record<TableName, readonly string[]>> = {
  network: networkAccesses,
  unix: networkAccesses,
  signal: ["send", "receive"],
  ptrace: ["trace", "read", "tracedby", "readby"],
  dbus: ["send", "receive", "bind", "eavesdrop"],
  mqueue: ["create", "open", "delete", "getattr", "setattr", "write", "read"],
  userns: ["create"],
  io_uring: ["sqpoll", "override_creds"],
};

/** The bits of names; all of the table's for an empty list. */
export function bitsOf(table: TableName, names: readonly string[]): number {
  const all = accessNamesOf[table]!;
  if (names.length === 0) return 2 ** all.length - 1;
  return names.reduce((bits, name) => (all.includes(name) ? bits | (1 << all.indexOf(name)) : bits), 0);
}

export function namesOf(table: TableName, bits: number): string[] {
  return (accessNamesOf[table] ?? []).filter((_, index) => bits & (1 << index));
}

/** On sockets: what concerns the socket itself, and what concerns its peer; `accept` is both. */
export const peerAccesses = bitsOf("network", ["accept", "connect", "send", "receive"]);
export const localAccesses = bitsOf("network", []) & ~bitsOf("network", ["connect", "send", "receive"]);
export const createAccess = bitsOf("network", ["create"]);
export const bindAccess = bitsOf("network", ["bind"]);
export const acceptAccess = bitsOf("network", ["accept"]);
