import type { AllRule, CapabilityRule, ChangeProfileRule, Qualifiers, RlimitRule } from "../ast.js";
import { idEnd } from "./chars.js";
import { fail, skipSpace, take, takeWord, type Cursor } from "./cursor.js";
import { endRule, nameAt, unexpected } from "./expect.js";
import { peek } from "./initial.js";

/** `capability net_admin net_raw,` */
export function capabilityRule(cursor: Cursor, qualifiers: Qualifiers, end: number): CapabilityRule {
  take(cursor, end, "keyword");
  const rule: CapabilityRule = { kind: "capability", qualifiers, names: [] };
  for (let next = peek(cursor); next.kind === "id"; next = peek(cursor)) {
    // a path on a new line begins another rule
    const line = cursor.text.slice(cursor.last, cursor.at).includes("\n");
    if (line && next.word === "") break;
    rule.names.push(takeWord(cursor, next.end));
  }
  endRule(cursor, "capability rule");
  return rule;
}

/** `all,` */
export function allRule(cursor: Cursor, qualifiers: Qualifiers, end: number): AllRule {
  take(cursor, end, "keyword");
  endRule(cursor, "`all` rule");
  return { kind: "all", qualifiers };
}

/** `change_profile unsafe /exec -> target,` */
export function changeProfileRule(cursor: Cursor, qualifiers: Qualifiers, end: number): ChangeProfileRule {
  take(cursor, end, "keyword");
  const { text } = cursor;
  const rule: ChangeProfileRule = { kind: "change_profile", qualifiers };
  const word = (): string => (skipSpace(cursor), text.slice(cursor.at, idEnd(text, cursor.at)));
  const first = word();
  if (first === "safe" || first === "unsafe") {
    rule.environment = first;
    take(cursor, cursor.at + first.length, "keyword");
  }
  if (word() !== "->" && nameAt(text, cursor.at) > cursor.at) rule.exec = takeWord(cursor, nameAt(text, cursor.at));
  if (word() === "->") {
    take(cursor, cursor.at + 2, "punctuation");
    skipSpace(cursor);
    const nameEnd = nameAt(text, cursor.at);
    if (nameEnd === cursor.at) unexpected(cursor, "a profile's name after `->`");
    rule.target = takeWord(cursor, nameEnd);
  }
  skipSpace(cursor);
  if (idEnd(text, cursor.at) > cursor.at) unexpected(cursor, "`,` and a blank after the change_profile rule");
  endRule(cursor, "change_profile rule", "own");
  return rule;
}

/** `set rlimit nofile <= 1024,` */
export function rlimitRule(cursor: Cursor, qualifiers: Qualifiers, end: number): RlimitRule {
  const start = cursor.at;
  take(cursor, end, "keyword");
  const keyword = peek(cursor);
  if (keyword.word !== "rlimit") unexpected(cursor, "`rlimit` after `set`");
  take(cursor, keyword.end, "keyword");
  if (Object.keys(qualifiers).length) {
    fail(cursor, { start, end: cursor.at }, { code: "qualifier-not-allowed", message: "resource limits take no qualifiers" });
  }
  const resource = match(cursor, /[A-Za-z_]+/y) ?? unexpected(cursor, "a resource after `rlimit`");
  skipSpace(cursor);
  if (!cursor.text.startsWith("<=", cursor.at)) unexpected(cursor, "`<=` after the resource", "as in `set rlimit nofile <= 1024,`");
  take(cursor, cursor.at + 2, "punctuation");
  const value = match(cursor, /-?[0-9]+|infinity(?![A-Za-z_])/y) ?? unexpected(cursor, "a number or `infinity` after `<=`");
  const unit = match(cursor, /(?!infinity(?![A-Za-z_]))[A-Za-z_]+/y);
  endRule(cursor, "resource limit", "own");
  return { kind: "rlimit", qualifiers, resource, value, ...(unit && { unit }) };
}

function match(cursor: Cursor, pattern: RegExp) {
  skipSpace(cursor);
  pattern.lastIndex = cursor.at;
  const [text] = pattern.exec(cursor.text) ?? [];
  return text === undefined ? undefined : takeWord(cursor, cursor.at + text.length);
}
