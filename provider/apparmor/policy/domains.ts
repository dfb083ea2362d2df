import {
  anyByte,
  anyField,
  anyName,
  choice,
  notSlash,
  optional,
  sequence,
  set,
  setOf,
  star,
  text,
  notNull,
  type Regex,
} from "../glob/index.js";
import { capabilities, mountFlags, networkFamilies, signals, unixSocketTypes } from "../names/index.js";
import { internet } from "./network-rules.js";
import { mountKinds, type MountKind } from "./mount-rules.js";
import type { TableName } from "./clause.js";
import type { Words } from "./patterns.js";

const path = sequence(text("/"), anyField);
const byte = set(anyByte);
const nul = text("\0");
const none = text("");
const oneOf = (bytes: readonly number[]): Regex => set(setOf(bytes));
const types = oneOf(Object.values(unixSocketTypes));
const real = Object.values(networkFamilies).filter((family) => family !== networkFamilies.unspec);

const port = sequence(byte, byte);
const address = choice(
  text("\0"),
  sequence(text("\x01"), byte, byte, byte, byte),
  sequence(text("\x02"), ...Array.from({ length: 16 }, () => byte)),
);
const socket = sequence(oneOf(internet), types, port);
const end = (type: string): Regex => sequence(text(type), port, address, nul);
const label = sequence(anyName, nul);
const unixAddress = sequence(choice(text("\x01"), sequence(nul, set(notNull), star(notNull))), nul);

/** What mount(2) can be asked: which fields and flags each of its ways has. */
function mounts(): Regex[][] {
  const flags = (kind: MountKind, required: number): Regex =>
    sequence(
      ...Array.from({ length: 32 }, (_, bit): Regex => {
        const flag = text(String.fromCharCode(bit + 1));
        if (required & (1 << bit)) return flag;
        return mountKinds[kind] & (1 << bit) && !(kind === "make" && !(makeExtras & (1 << bit))) ? optional(flag) : text("");
      }),
    );
  const what = (source: Regex, fstype: Regex, bits: Regex): Regex[] => [path, source, fstype, bits];
  return [
    what(none, none, flags("remount", mountFlags.remount)),
    what(anyName, none, flags("bind", mountFlags.bind)),
    ...(["unbindable", "private", "slave", "shared"] as const).map((flag) => what(none, none, flags("make", mountFlags[flag]))),
    what(anyName, none, flags("move", mountFlags.move)),
    what(anyField, anyName, flags("new", 0)),
  ];
}

const makeExtras = mountFlags.rec | mountFlags.silent;

/** One or more ways that an access looks, field by field. */
const regexes: Record<TableName, () => Regex[][]> = {
  file: () => [[path]],
  link: () => [[path, sequence(text("/"), set(notSlash), star(notNull))]],
  capability: () => [[choice(...capabilities.map(text))]],
  network: () => [
    [sequence(text("s"), oneOf(real), types)],
    [sequence(text("l"), socket, end("\0"))],
    [sequence(text("p"), socket, end("\x02"), anyField, text("\0\x01"), end("\0"))],
  ],
  unix: () => [
    [sequence(text("s"), types)],
    [sequence(text("l"), types, choice(unixAddress, nul), label)],
    [sequence(text("p"), types, unixAddress, label, text("\x01"), unixAddress, label)],
  ],
  signal: () => [[sequence(oneOf(Object.values(signals)), anyName)]],
  ptrace: () => [[anyName]],
  mount: mounts,
  umount: () => [[path]],
  pivot_root: () => [[path, path]],
  change_profile: () => [
    [none, anyName],
    [path, anyName],
  ],
  dbus: () => [
    [sequence(text("b"), anyName), anyName, none, none, none, none],
    [sequence(text("m"), anyName), anyName, anyName, path, anyName, anyName],
    [sequence(text("e"), anyName), none, none, none, none, none],
  ],
  mqueue: () => {
    const queue = choice(sequence(text("p"), path), sequence(text("v"), byte, byte, byte, byte));
    return [[sequence(queue, optional(sequence(nul, anyName)))]];
  },
  userns: () => [[none]],
  io_uring: () => [[text("s")], [sequence(text("l"), anyName)]],
};

const known = new Map<TableName, Words[]>();

/** Every string that an access of the table can have. */
export function domainsOf(table: TableName): readonly Words[] {
  let words = known.get(table);
  if (!words) {
    words = regexes[table]().map((parts, index) => ({
      key: "",
      name: table,
      fields: parts.map((regex, field) => ({ key: `\x01domain ${index} ${field}`, regex })),
    }));
    known.set(table, words);
  }
  return words;
}
