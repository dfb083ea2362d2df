import type { Condition, DbusRule, IoUringRule, MqueueRule, NetworkRule, PtraceRule, Qualifiers, SignalRule, UnixRule, UsernsRule, Word } from "../ast.js";
import { bareIdEnd, isSpace, nameEnd, OPEN, QUOTE, quotedEnd } from "./chars.js";
import { report, skipSpace, take, takeWord, type Cursor } from "./cursor.js";
import { endRule, unexpected } from "./expect.js";
import { conditionAt, endsWord, lex, peek } from "./initial.js";
import { condition, conditions, list } from "./lists.js";

const network = ["listen", "accept", "connect", "getopt", "setopt", "shutdown", "create", "getattr", "setattr", "bind", "send", "receive"];

/** The accesses that can stand without parentheses, besides `read`, `write`, `r`, `w`, `rw` and `wr`. */
const bare = {
  network,
  unix: network,
  dbus: ["bind", "eavesdrop", "send", "receive"],
  signal: ["send", "receive"],
  ptrace: ["trace", "readby", "tracedby"],
  mqueue: ["create", "open", "delete", "getattr", "setattr"],
} as const;

/** Where a name in these rules ends: with the longest of what the lexer takes. */
export function ownNameEnd(text: string, at: number): number {
  if (text.charCodeAt(at) === QUOTE) return quotedEnd(text, at);
  const end = bareIdEnd(text, at);
  // as a name it is no glob: the comma before it is missing
  if (text.slice(at, end) === "}") return at;
  if (!"/@:&".includes(text.charAt(at)) || end === text.length) return end;
  const label = lex(text, at);
  return label.kind === "id" ? Math.max(end, label.end) : end;
}

function access(cursor: Cursor, kind: keyof typeof bare): Word[] {
  skipSpace(cursor);
  const { text, at } = cursor;
  if (text.charCodeAt(at) === OPEN) return list(cursor);
  const end = nameEnd(text, at);
  if (end === at || conditionAt(text, at)) return [];
  // a comma that no blank follows goes on with a name
  if (ownNameEnd(text, at) > end) return [];
  const word = text.slice(at, end);
  const letters = /^(?:r|w|rw|wr)$/.test(word) && (isSpace(text.charCodeAt(end)) || text.charAt(end) === ",");
  const whole = word === "read" || word === "write" || (bare[kind] as readonly string[]).includes(word);
  return letters || whole ? [takeWord(cursor, end)] : [];
}

interface Conditions {
  conditions: Condition[];
  peer?: Condition[];
}

/** Conditions, and behind them one list of them for the peer, where the rule takes one. */
function allConditions(cursor: Cursor, kind: string, takesPeer: boolean): Conditions {
  const found: Conditions = { conditions: [] };
  for (;;) {
    skipSpace(cursor);
    const next = conditionAt(cursor.text, cursor.at);
    if (next?.kind === "condition" && !found.peer) found.conditions.push(condition(cursor, next.end));
    else if (next?.kind === "condition") unexpected(cursor, "`,` after `peer=(…)`", "`peer=(…)` is the last of the rule");
    else if (next?.kind === "conditions" && takesPeer && !found.peer) {
      const group = conditions(cursor, next.end);
      found.peer = group.conditions;
      if (group.name.value !== "peer" && kind !== "io_uring") wrongGroup(cursor, group.name, kind);
    } else if (next?.kind === "conditions" && !takesPeer) {
      unexpected(cursor, `a condition of a ${kind} rule`, "the peer of this rule stands without parentheses: `peer=name`");
    } else return found;
  }
}

function wrongGroup(cursor: Cursor, name: Word, kind: string): void {
  report(cursor, name.span!, {
    code: "unknown-condition",
    message: `\`${name.value}=(…)\` is no condition of a ${kind} rule`,
    hint: "conditions on the other side stand in `peer=(…)`",
  });
}

/** `unix`, `dbus`, `signal` and `ptrace` rules; the cursor stands on the keyword, which ends at `end`. */
export function accessRule(cursor: Cursor, qualifiers: Qualifiers, kind: "unix" | "dbus", end: number): UnixRule | DbusRule;
export function accessRule(cursor: Cursor, qualifiers: Qualifiers, kind: "signal" | "ptrace", end: number): SignalRule | PtraceRule;
export function accessRule(cursor: Cursor, qualifiers: Qualifiers, kind: "unix" | "dbus" | "signal" | "ptrace", end: number) {
  take(cursor, end, "keyword");
  const rule = { kind, qualifiers, access: access(cursor, kind), ...allConditions(cursor, kind, kind === "unix" || kind === "dbus") };
  endRule(cursor, `${kind} rule`, "own");
  return rule;
}

/** `network (bind) inet stream port=53 peer=(…),` */
export function networkRule(cursor: Cursor, qualifiers: Qualifiers, end: number): NetworkRule {
  take(cursor, end, "keyword");
  const rule: NetworkRule = { kind: "network", qualifiers, access: access(cursor, "network"), conditions: [] };
  const names: Word[] = [];
  for (skipSpace(cursor); names.length < 2 && !conditionAt(cursor.text, cursor.at); skipSpace(cursor)) {
    const nameEnd = ownNameEnd(cursor.text, cursor.at);
    if (nameEnd === cursor.at) break;
    names.push(takeWord(cursor, nameEnd));
  }
  // a name alone may be either; what it is decides which
  const [first, second] = names;
  if (second && first) Object.assign(rule, { family: first, type: second });
  else if (first) Object.assign(rule, isType(first.value) ? { type: first } : { family: first });
  Object.assign(rule, allConditions(cursor, "network", true));
  skipSpace(cursor);
  if (second && /^port\b/.test(cursor.text.slice(cursor.at, cursor.at + 5))) {
    unexpected(cursor, "`,` after the network rule", "ports are written `port=53`, and need a kernel that mediates them");
  }
  endRule(cursor, "network rule", "own");
  return rule;
}

const isType = (name: string): boolean => /^(?:stream|dgram|seqpacket|rdm|raw|tcp|udp|icmp)$/.test(name);

/** `mqueue (open, read) type=posix label=x /name,` */
export function mqueueRule(cursor: Cursor, qualifiers: Qualifiers, end: number): MqueueRule {
  take(cursor, end, "keyword");
  const rule: MqueueRule = { kind: "mqueue", qualifiers, access: access(cursor, "mqueue"), ...allConditions(cursor, "mqueue", false) };
  const nameEnd = ownNameEnd(cursor.text, cursor.at);
  if (nameEnd > cursor.at) rule.name = takeWord(cursor, nameEnd);
  endRule(cursor, "mqueue rule", "own");
  return rule;
}

/** `userns create,` */
export function usernsRule(cursor: Cursor, qualifiers: Qualifiers, end: number): UsernsRule {
  take(cursor, end, "keyword");
  skipSpace(cursor);
  const rule: UsernsRule = { kind: "userns", qualifiers, access: [], conditions: [] };
  const { text, at } = cursor;
  if (text.startsWith("create", at) && endsWord(text, at + 6)) rule.access = [takeWord(cursor, at + 6)];
  else if (text.charCodeAt(at) === OPEN) unexpected(cursor, "`create` or `,`", "this rule has one access, without parentheses: `userns create,`");
  endRule(cursor, "userns rule", "own");
  return rule;
}

/** `io_uring (sqpoll) label=x,` */
export function ioUringRule(cursor: Cursor, qualifiers: Qualifiers, end: number): IoUringRule {
  take(cursor, end, "keyword");
  const next = peek(cursor);
  const rule: IoUringRule = { kind: "io_uring", qualifiers, access: [], conditions: [] };
  if (next.kind === "(") rule.access = list(cursor);
  else if (next.word === "sqpoll" || next.word === "override_creds") rule.access = [takeWord(cursor, next.end)];
  peek(cursor);
  Object.assign(rule, allConditions(cursor, "io_uring", true));
  endRule(cursor, "io_uring rule");
  return rule;
}
