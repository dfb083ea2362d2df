import type { Qualifiers } from "../ast.js";
import { supports } from "../language.js";
import { fail, report, take, type Cursor } from "./cursor.js";
import { skipBlanks, unexpected } from "./expect.js";
import { peek, type Lexeme } from "./initial.js";

type Slot = "priority" | "audit" | "mode" | "owner";

const slots: readonly Slot[] = ["priority", "audit", "mode", "owner"];

const words: Record<string, Slot> = {
  audit: "audit", allow: "mode", deny: "mode", prompt: "mode", owner: "owner", user: "owner", other: "owner",
};

const slotOf = (lexeme: Lexeme): Slot | undefined =>
  lexeme.kind === "priority" ? "priority" : lexeme.kind === "keyword" && Object.hasOwn(words, lexeme.word) ? words[lexeme.word] : undefined;

/** Read `priority=1 audit deny owner`, each of which may be missing; what comes behind them is given too. */
export function readQualifiers(cursor: Cursor, lexeme: Lexeme): { qualifiers: Qualifiers; next: Lexeme } {
  const qualifiers: Qualifiers = {};
  let next = lexeme;
  let last = -1;
  for (let slot = slotOf(next); slot !== undefined; slot = slotOf(next)) {
    const start = cursor.at;
    const index = slots.indexOf(slot);
    if (index <= last) disorder(cursor, next, index === last);
    last = Math.max(last, index);
    if (slot === "priority") qualifiers.priority = priority(cursor, next.end);
    else {
      take(cursor, next.end, "keyword");
      if (slot === "audit") qualifiers.audit = true;
      else if (slot === "owner") qualifiers.owner = next.word === "other" ? "other" : "owner";
      else qualifiers.mode = next.word as "allow";
    }
    const since = slot === "priority" || next.word === "prompt";
    if (since && !supports(cursor.language, "4.1")) newer(cursor, start, slot === "priority" ? "priority=" : "prompt");
    next = peek(cursor);
  }
  return { qualifiers, next };
}

function disorder(cursor: Cursor, lexeme: Lexeme, twice: boolean): void {
  report(cursor, { start: cursor.at, end: lexeme.end }, {
    code: "qualifier-order",
    message: twice ? `\`${lexeme.word}\` repeats or contradicts the qualifier before it` : `\`${lexeme.word}\` stands too late`,
    hint: "qualifiers come once each and in this order: priority=, audit, allow or deny or prompt, owner or other",
  });
}

/** Report what the text's language does not have yet. */
export function newer(cursor: Cursor, start: number, what: string, since = "4.1"): void {
  report(cursor, { start, end: cursor.at }, {
    code: "needs-newer-parser",
    message: `\`${what}\` needs AppArmor ${since}; this text is for ${cursor.language}`,
    hint: cursor.language === "3.0" ? "Proxmox VE 8 has AppArmor 3.0, Proxmox VE 9 has 4.1" : "Proxmox VE 9 has AppArmor 4.1",
  });
}

const integer = /[+-]?[0-9]+/y;

function priority(cursor: Cursor, end: number): number {
  take(cursor, end, "keyword");
  skipBlanks(cursor);
  take(cursor, cursor.at + 1, "punctuation");
  skipBlanks(cursor);
  integer.lastIndex = cursor.at;
  const [text] = integer.exec(cursor.text) ?? unexpected(cursor, "a number after `priority=`, on the same line");
  const start = cursor.at;
  take(cursor, start + text.length, "word");
  const value = Number(text);
  if (value < -1000 || value > 1000) {
    fail(cursor, { start, end: cursor.at }, { code: "bad-priority", message: `a priority is a number from -1000 to 1000, not ${text}` });
  }
  return value;
}
