/** What dbus rules can allow. `read` and `r` mean receive, `write` and `w` send. */
export const dbusAccesses = ["send", "receive", "bind", "eavesdrop"] as const;
export type DbusAccess = (typeof dbusAccesses)[number];

/** What ptrace rules can allow. `r` means read, `write` and `w` trace. */
export const ptraceAccesses = ["trace", "read", "tracedby", "readby"] as const;
export type PtraceAccess = (typeof ptraceAccesses)[number];

/** What mqueue rules can allow. `r` means read, `w` write. */
export const mqueueAccesses = ["create", "open", "delete", "getattr", "setattr", "write", "read"] as const;
export type MqueueAccess = (typeof mqueueAccesses)[number];

export const mqueueTypes = ["posix", "sysv"] as const;
export type MqueueType = (typeof mqueueTypes)[number];

export const usernsAccesses = ["create"] as const;
export type UsernsAccess = (typeof usernsAccesses)[number];

export const ioUringAccesses = ["sqpoll", "override_creds"] as const;
export type IoUringAccess = (typeof ioUringAccesses)[number];

/** The kinds of rules that name accesses. */
export type AccessRuleKind = "network" | "unix" | "signal" | "dbus" | "ptrace" | "mqueue" | "userns" | "io_uring";

const sendReceive = { read: "receive", r: "receive", write: "send", w: "send" };

const synonyms: Record<AccessRuleKind, Record<string, string>> = {
  network: sendReceive,
  unix: sendReceive,
  signal: sendReceive,
  dbus: sendReceive,
  ptrace: { r: "read", write: "trace", w: "trace" },
  mqueue: { r: "read", w: "write" },
  userns: {},
  io_uring: {},
};

/** The accesses that a word in a rule's access list means, by their usual names: `rw` in a signal rule is receive and send. */
export function accessNames(kind: AccessRuleKind, word: string): string[] {
  const own = synonyms[kind];
  if (own[word] !== undefined) return [own[word]];
  // the compiler reads any mix of the two letters, in either case, as accesses
  if (own.r !== undefined && /^[rw]+$/i.test(word)) return [...new Set(word.toLowerCase())].map((letter) => own[letter] ?? letter);
  return [word];
}
