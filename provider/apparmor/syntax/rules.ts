import type { Rule } from "../ast.js";
import { supports, type Language } from "../language.js";
import { accessRule, ioUringRule, mqueueRule, networkRule, usernsRule } from "./access-rules.js";
import { blanksEnd } from "./chars.js";
import { fail, type Cursor } from "./cursor.js";
import { found, unexpected } from "./expect.js";
import { fileRule, linkRule } from "./file-rules.js";
import { lex, type Lexeme } from "./initial.js";
import { mountRule, pivotRootRule } from "./mount-rules.js";
import { newer } from "./qualifiers.js";
import { allRule, capabilityRule, changeProfileRule, rlimitRule } from "./small-rules.js";
import { keywordSince } from "./words.js";

type Reader = (cursor: Cursor, qualifiers: Rule["qualifiers"], end: number) => Rule;

const readers: Record<string, Reader> = {
  capability: capabilityRule,
  network: networkRule,
  unix: (cursor, qualifiers, end) => accessRule(cursor, qualifiers, "unix", end),
  dbus: (cursor, qualifiers, end) => accessRule(cursor, qualifiers, "dbus", end),
  signal: (cursor, qualifiers, end) => accessRule(cursor, qualifiers, "signal", end),
  ptrace: (cursor, qualifiers, end) => accessRule(cursor, qualifiers, "ptrace", end),
  mount: (cursor, qualifiers, end) => mountRule(cursor, qualifiers, "mount", end),
  remount: (cursor, qualifiers, end) => mountRule(cursor, qualifiers, "remount", end),
  umount: (cursor, qualifiers, end) => mountRule(cursor, qualifiers, "umount", end),
  unmount: (cursor, qualifiers, end) => mountRule(cursor, qualifiers, "umount", end),
  pivot_root: pivotRootRule,
  change_profile: changeProfileRule,
  set: rlimitRule,
  userns: usernsRule,
  mqueue: mqueueRule,
  io_uring: ioUringRule,
  all: allRule,
};

const fileWords = new Set(["file", "safe", "unsafe"]);

/** The rule behind its qualifiers. */
export function ruleOf(cursor: Cursor, qualifiers: Rule["qualifiers"], lexeme: Lexeme): Rule {
  const { kind, word } = lexeme;
  if (kind === "keyword") {
    const start = cursor.at;
    const reader = Object.hasOwn(readers, word) ? readers[word] : undefined;
    if (reader) {
      const rule = reader(cursor, qualifiers, lexeme.end);
      const since: Language = keywordSince(word) ?? "3.0";
      if (!supports(cursor.language, since)) newer({ ...cursor, at: lexeme.end }, start, word, since);
      return rule;
    }
    if (word === "link") return linkRule(cursor, qualifiers, lexeme);
    if (fileWords.has(word)) return fileRule(cursor, qualifiers, lexeme);
  } else if (kind === "mode" || kind === "set") return fileRule(cursor, qualifiers, lexeme);
  else if (kind === "id") return word === "" || known(cursor, lexeme) ? fileRule(cursor, qualifiers, lexeme) : noRule(cursor, lexeme);
  return noRule(cursor, lexeme);
}

/** A bare word with permissions behind it is a path to the compiler. */
const known = (cursor: Cursor, lexeme: Lexeme): boolean => lex(cursor.text, blanksEnd(cursor.text, lexeme.end)).kind === "mode";

function noRule(cursor: Cursor, lexeme: Lexeme): never {
  if (lexeme.kind === "unknown" || lexeme.kind === "") unexpected(cursor, "a rule");
  const { span, what } = found(cursor);
  if (lexeme.kind === ",") return fail(cursor, span, { code: "stray-comma", message: "no rule stands before this comma", hint: "delete it" });
  return fail(cursor, span, { code: "unknown-rule", message: `no rule begins with ${what}`, hint: hintFor(lexeme.word) });
}

function hintFor(word: string): string | undefined {
  if (word === "include") return "write `include <file>` with a blank between";
  const near = [...Object.keys(readers), "file", "link", "include", "profile", "deny", "audit", "owner"].find((known) => isNear(known, word));
  return near && `did you mean \`${near}\`?`;
}

/** Whether one letter is missing, too many or wrong. */
function isNear(known: string, word: string): boolean {
  if (word.length < 3 || Math.abs(known.length - word.length) > 1) return false;
  let start = 0;
  while (start < word.length && known[start] === word[start]) start++;
  let end = 0;
  while (end < word.length - start && end < known.length - start && known.at(-1 - end) === word.at(-1 - end)) end++;
  return Math.max(known.length, word.length) - start - end <= 1 || [...known].sort().join("") === [...word].sort().join("");
}
