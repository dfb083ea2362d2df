import { textOf } from "../glob/index.js";
import { mountFlags, mountOptions, signals } from "../names/index.js";
import { fileLetters, namesOf, otherShift, ownerMask } from "./bits.js";
import type { TableName } from "./clause.js";
import { networkAccess, unixAccess } from "./socket-codec.js";
import type { Access } from "./types.js";

/** The access that a string of a table stands for, asking for the permissions of `bits`. */
export function accessOf(table: TableName, bytes: string, bits: number): Access {
  const parts = bytes.split("\0").map(textOf);
  const tail = textOf(bytes.slice(1)).split("\0");
  switch (table) {
    case "file": {
      const owner = (bits & ownerMask) !== 0;
      return { class: "file", path: textOf(bytes), permissions: lettersOf(owner ? bits : bits >> otherShift), ...(owner ? {} : { owner }) };
    }
    case "link":
      return { class: "file", path: parts[0]!, permissions: "l", target: parts[1] ?? "", ...(bits & ownerMask ? {} : { owner: false }) };
    case "capability":
      return { class: "capability", capability: textOf(bytes) };
    case "network":
      return networkAccess(bytes, bits);
    case "unix":
      return unixAccess(bytes, bits);
    case "signal":
      return {
        class: "signal",
        access: namesOf("signal", bits)[0] as "send",
        signal: signalName(bytes.charCodeAt(0)),
        peer: textOf(bytes.slice(1)),
      };
    case "ptrace":
      return { class: "ptrace", access: namesOf("ptrace", bits)[0] as "trace", peer: textOf(bytes) };
    case "mount":
      return mountAccess(parts, bytes.slice(bytes.lastIndexOf("\0") + 1));
    case "umount":
      return { class: "umount", target: textOf(bytes) };
    case "pivot_root":
      return { class: "pivot_root", path: parts[0]!, ...(parts[1] ? { old: parts[1] } : {}) };
    case "change_profile":
      return { class: "change_profile", target: parts[1] ?? "", ...(parts[0] ? { exec: parts[0] } : {}) };
    case "dbus":
      return dbusAccess(bytes[0]!, tail, bits);
    case "mqueue": {
      const posix = bytes[0] === "p";
      const label = posix ? tail[1] : bytes.length > 6 ? textOf(bytes.slice(6)) : undefined;
      const name = posix ? tail[0]! : String([1, 2, 3, 4].reduce((sum, at) => sum * 256 + bytes.charCodeAt(at), 0));
      return {
        class: "mqueue",
        access: namesOf("mqueue", bits),
        type: posix ? "posix" : "sysv",
        name,
        ...(label === undefined ? {} : { label }),
      };
    }
    case "userns":
      return { class: "userns", access: "create" };
    case "io_uring":
      return { class: "io_uring", access: namesOf("io_uring", bits)[0] as "sqpoll", ...(bytes[0] === "l" ? { label: tail[0]! } : {}) };
  }
}

/** Permissions as letters; `w` stands for `a` too. */
function lettersOf(bits: number): string {
  const letters = [..."rwalkmx"].filter((letter) => bits & (1 << fileLetters.indexOf(letter)));
  return letters.filter((letter) => letter !== "a" || !letters.includes("w")).join("");
}

function signalName(number: number): string {
  const name = Object.keys(signals).find((key) => signals[key as keyof typeof signals] === number);
  return name ?? (number >= 128 && number <= 160 ? `rtmin+${number - 128}` : `#${number}`);
}

const optionOf = new Map<number, string>(
  Object.entries(mountOptions).flatMap(([name, meaning]) =>
    !("alias" in meaning) && meaning.set.length === 1 ? [[mountFlags[meaning.set[0]!], name] as const] : [],
  ),
);

function mountAccess([target = "", source = "", fstype = ""]: string[], flags: string): Access {
  const bits = Array.from(flags, (flag) => 2 ** (flag.charCodeAt(0) - 1));
  const options = bits.flatMap((bit) => {
    if (bit !== mountFlags.rec) return optionOf.get(bit) ?? [];
    return [];
  });
  // `rec` has no option of its own: rbind, rprivate, …
  const recursive = bits.includes(mountFlags.rec)
    ? options.map((name) => (["bind", "private", "slave", "shared", "unbindable"].includes(name) ? `r${name}` : name))
    : options;
  const remount = bits.includes(mountFlags.remount);
  return {
    class: remount ? "remount" : "mount",
    ...(source ? { source } : {}),
    target,
    ...(fstype ? { fstype } : {}),
    ...(recursive.length > 0 ? { options: recursive } : {}),
  };
}

function dbusAccess(kind: string, [bus = "", name, label, path, iface, member]: string[], bits: number): Access {
  const access = namesOf("dbus", bits)[0] as "send";
  const named = {
    ...(name ? { name } : {}),
    ...(label ? { label } : {}),
    ...(path ? { path } : {}),
    ...(iface ? { interface: iface } : {}),
    ...(member ? { member } : {}),
  };
  return { class: "dbus", access, bus, ...(kind === "e" ? {} : named) };
}
