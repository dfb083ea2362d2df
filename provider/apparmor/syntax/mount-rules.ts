import type { Condition, MountRule, PivotRootRule, Qualifiers, Word } from "../ast.js";
import { ownNameEnd } from "./access-rules.js";
import { fail, skipSpace, take, takeWord, type Cursor } from "./cursor.js";
import { endRule, unexpected } from "./expect.js";
import { arrow } from "./file-rules.js";
import { conditionAt, peek } from "./initial.js";
import { condition } from "./lists.js";

function ownConditions(cursor: Cursor): Condition[] {
  const found: Condition[] = [];
  for (skipSpace(cursor); ; skipSpace(cursor)) {
    const next = conditionAt(cursor.text, cursor.at);
    if (!next) return found;
    if (next.kind !== "condition") unexpected(cursor, "a condition of mount");
    found.push(condition(cursor, next.end));
  }
}

const onArrow = (cursor: Cursor): boolean => cursor.text.startsWith("->", cursor.at) && ownNameEnd(cursor.text, cursor.at) === cursor.at + 2;

function name(cursor: Cursor): Word | undefined {
  const end = ownNameEnd(cursor.text, cursor.at);
  return end === cursor.at || onArrow(cursor) ? undefined : takeWord(cursor, end);
}

/** `mount`, `remount` and `umount` rules; the cursor stands on the keyword, which ends at `end`. */
export function mountRule(cursor: Cursor, qualifiers: Qualifiers, kind: MountRule["kind"], end: number): MountRule {
  take(cursor, end, "keyword");
  const rule: MountRule = { kind, qualifiers, conditions: ownConditions(cursor) };
  const first = name(cursor);
  skipSpace(cursor);
  if (first) rule[kind === "mount" ? "source" : "target"] = first;
  if (first && conditionAt(cursor.text, cursor.at)) {
    unexpected(cursor, `\`,\`${kind === "mount" ? " or `->`" : ""}`, "conditions stand before the paths: `mount options=ro /source -> /target,`");
  }
  if (kind === "mount" && onArrow(cursor)) {
    take(cursor, cursor.at + 2, "punctuation");
    const own = ownConditions(cursor);
    if (own[0]) {
      fail(cursor, { start: own[0].span!.start, end: own.at(-1)!.span!.end }, {
        code: "target-conditions",
        message: "conditions on the target of a mount are not supported",
        hint: "write them before the source",
      });
    }
    rule.target = name(cursor) ?? unexpected(cursor, "the target of the mount after `->`");
  } else if (cursor.text.startsWith("->", cursor.at)) {
    unexpected(cursor, `\`,\` after the ${kind} rule`, "write a blank behind `->`");
  }
  endRule(cursor, `${kind} rule`, "own");
  return rule;
}

/** `pivot_root oldroot=/old /new -> profile,` */
export function pivotRootRule(cursor: Cursor, qualifiers: Qualifiers, end: number): PivotRootRule {
  take(cursor, end, "keyword");
  const rule: PivotRootRule = { kind: "pivot_root", qualifiers, conditions: [] };
  let next = peek(cursor);
  for (; next.kind === "condition"; next = peek(cursor)) rule.conditions.push(condition(cursor, next.end));
  if (next.kind === "id") rule.path = takeWord(cursor, next.end);
  const target = arrow(cursor);
  if (target) rule.target = target;
  endRule(cursor, "pivot_root rule");
  return rule;
}
