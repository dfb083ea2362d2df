import { bytesOf } from "../glob/index.js";
import { mountFlags, mountOption, signalNumber } from "../names/index.js";
import { bitsOf, fileBits, linkBit, otherShift } from "./bits.js";
import { changeBit, onExecBit } from "./change-profile.js";
import type { TableName } from "./clause.js";
import { keyBytes } from "./ipc-rules.js";
import { flagBytes, makeFlags } from "./mount-rules.js";
import { networkQueries, unixQueries } from "./socket-codec.js";
import type { Access } from "./types.js";

/** One string to look up, and the permissions asked for there. */
export interface Query {
  table: TableName;
  bytes: string;
  bits: number;
}

/** What has to be allowed for an access; a link's target and limits are looked at elsewhere. */
export function queriesOf(access: Exclude<Access, { class: "rlimit" }>): Query[] {
  switch (access.class) {
    case "file":
      return fileQueries(access);
    case "capability":
      return [{ table: "capability", bytes: bytesOf(access.capability), bits: 1 }];
    case "network":
      return networkQueries(access);
    case "unix":
      return unixQueries(access);
    case "signal":
      return [
        {
          table: "signal",
          bytes: String.fromCharCode(signalNumber(access.signal) ?? Number(access.signal.replace("#", "")) & 255) + bytesOf(access.peer),
          bits: bitsOf("signal", [access.access]),
        },
      ];
    case "ptrace":
      return [{ table: "ptrace", bytes: bytesOf(access.peer), bits: bitsOf("ptrace", [access.access]) }];
    case "mount":
    case "remount":
      return [{ table: "mount", bytes: mountBytes(access), bits: 1 }];
    case "umount":
      return [{ table: "umount", bytes: bytesOf(access.target), bits: 1 }];
    case "pivot_root":
      return [{ table: "pivot_root", bytes: joined(access.path, access.old ?? ""), bits: 1 }];
    case "change_profile":
      return changeQueries(access);
    case "dbus":
      return [{ table: "dbus", bytes: dbusBytes(access), bits: bitsOf("dbus", [access.access]) }];
    case "mqueue":
      return [{ table: "mqueue", bytes: mqueueBytes(access), bits: bitsOf("mqueue", access.access) }];
    case "userns":
      return [{ table: "userns", bytes: "", bits: 1 }];
    case "io_uring":
      return [
        {
          table: "io_uring",
          bytes: access.access === "override_creds" && access.label !== undefined ? `l${bytesOf(access.label)}` : "s",
          bits: bitsOf("io_uring", [access.access]),
        },
      ];
  }
}

const joined = (...parts: string[]): string => parts.map(bytesOf).join("\0");

function fileQueries({ path, permissions, owner = true, target }: Extract<Access, { class: "file" }>): Query[] {
  const shift = owner ? 0 : otherShift;
  const bits = [...permissions].reduce((sum, letter) => sum | (letter === "l" ? 0 : (fileBits[letter] ?? 0)), 0) << shift;
  // the kernel asks for an exec by itself
  const exec = bits & (fileBits["x"]! << shift);
  const queries = [bits & ~exec, exec].flatMap((each): Query[] => (each ? [{ table: "file", bytes: bytesOf(path), bits: each }] : []));
  if (permissions.includes("l"))
    queries.push({ table: "link", bytes: target === undefined ? `${bytesOf(path)}\0` : joined(path, target), bits: linkBit << shift });
  return queries;
}

function changeQueries({ target, exec }: Extract<Access, { class: "change_profile" }>): Query[] {
  return [{ table: "change_profile", bytes: joined(exec ?? "", target), bits: exec === undefined ? changeBit : onExecBit }];
}

/** The kernel looks at the flags first: what mount(2) does then has only some of the other fields, and keeps only some flags. */
function mountBytes(access: Extract<Access, { class: "mount" | "remount" }>): string {
  const named = (access.options ?? []).reduce(
    (sum, name) => (mountOption(name)?.set ?? []).reduce((bits, flag) => bits | mountFlags[flag], sum),
    0,
  );
  const flags = access.class === "remount" ? named | mountFlags.remount : named;
  const what = (source: string, fstype: string, kept: number): string =>
    `${joined(access.target, source, fstype)}\0${flagBytes(flags & kept)}`;
  const { source = "", fstype = "" } = access;
  if (flags & mountFlags.remount) return what("", "", ~0);
  if (flags & mountFlags.bind) return what(source, "", mountFlags.bind | mountFlags.rec);
  if (flags & makeFlags & ~mountFlags.rec) return what("", "", makeFlags | mountFlags.silent);
  if (flags & mountFlags.move) return what(source, "", mountFlags.move);
  return what(source, fstype, ~0);
}

function dbusBytes(access: Extract<Access, { class: "dbus" }>): string {
  const { bus, name = "", label = "", path = "", interface: iface = "", member = "" } = access;
  if (access.access === "eavesdrop") return `e${joined(bus, "", "", "", "", "")}`;
  return access.access === "bind" ? `b${joined(bus, name, "", "", "", "")}` : `m${joined(bus, name, label, path, iface, member)}`;
}

function mqueueBytes({ type, name, label }: Extract<Access, { class: "mqueue" }>): string {
  const queue = type === "posix" ? `p${bytesOf(name)}` : `v${keyBytes(Number(name))}`;
  return label === undefined ? queue : `${queue}\0${bytesOf(label)}`;
}
