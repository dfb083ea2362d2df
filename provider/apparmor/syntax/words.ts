import type { Language } from "../language.js";

/** Words that can't be a name where rules begin, with the version that made them words of the language. */
const keywords: ReadonlyMap<string, Language> = new Map<string, Language>([
  ...[
    "network", "unix", "capability", "if", "else", "not", "defined", "change_profile", "unsafe", "safe", "link", "owner", "user",
    "other", "subset", "audit", "deny", "allow", "set", "rlimit", "alias", "rewrite", "ptrace", "file", "mount", "remount",
    "umount", "unmount", "pivot_root", "in", "dbus", "signal", "send", "receive", "bind", "read", "write", "eavesdrop", "peer",
    "trace", "tracedby", "readby", "abi",
  ].map((word): [string, Language] => [word, "3.0"]),
  ...["userns", "mqueue", "delete", "open", "io_uring", "override_creds", "sqpoll", "all", "priority", "prompt"].map(
    (word): [string, Language] => [word, "4.1"],
  ),
]);

/** Whether the word is one of the language, whatever its version. */
export const isKeyword = (word: string): boolean => keywords.has(word);

/** The version that brought a word; undefined when it is none. */
export const keywordSince = (word: string): Language | undefined => keywords.get(word);
