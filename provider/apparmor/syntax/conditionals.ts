import { HASH } from "./chars.js";
import type { Conditional, Expression } from "../ast.js";
import { supports } from "../language.js";
import { commentEnd, fail, isHashInclude, take, type Cursor } from "./cursor.js";
import { unexpected } from "./expect.js";
import { expression as expression50 } from "./expressions.js";
import { lex, peek } from "./initial.js";
import { variableName } from "./preamble.js";
import { braces, maxDepth } from "./statements.js";

/** `not defined @{X}`, `$x` */
function expression(cursor: Cursor): Expression {
  const nots: number[] = [];
  let next = peek(cursor);
  for (; next.word === "not"; next = peek(cursor)) {
    if (nots.length === maxDepth) fail(cursor, { start: cursor.at, end: next.end }, { code: "too-deep", message: `more than ${maxDepth} \`not\` in a row` });
    nots.push(cursor.at);
    take(cursor, next.end, "keyword");
  }
  const start = cursor.at;
  const defined = next.word === "defined";
  if (defined) {
    take(cursor, next.end, "keyword");
    next = peek(cursor);
  }
  if (next.kind !== "bool" && !(defined && next.kind === "set")) {
    const hint = next.kind === "set" ? "write `defined @{X}` to ask whether a variable is declared" : undefined;
    unexpected(cursor, defined ? "a variable after `defined`" : "`$variable`, `defined` or `not`", hint);
  }
  const name = variableName(cursor.text.slice(cursor.at, next.end));
  take(cursor, next.end, "word");
  const span = { start, end: next.end };
  let result: Expression = { op: "boolean", name, span };
  if (defined) result = { op: "defined", variable: next.kind === "set" ? "set" : "boolean", name, span };
  for (const not of nots.reverse()) result = { op: "not", operand: result, span: { start: not, end: span.end } };
  return result;
}

function branch(cursor: Cursor, what: string) {
  if (peek(cursor).kind !== "{") unexpected(cursor, `\`{\` after ${what}`);
  return braces(cursor);
}

/** `if … { … } else if … { … } else { … }`; the cursor stands on the `if`, which ends at `end`. */
export function conditional(cursor: Cursor, end: number): Conditional {
  const first = one(cursor, end);
  let last = first;
  while (elseFollows(cursor)) {
    take(cursor, peek(cursor).end, "keyword");
    const nested = peek(cursor);
    if (nested.word !== "if") {
      last.otherwise = branch(cursor, "`else`");
      break;
    }
    const other = one(cursor, nested.end);
    other.elseIf = true;
    last.otherwise = [other];
    last = other;
  }
  // an `else if` ends where the whole does
  for (let part: Conditional | undefined = first; part; part = part.otherwise?.find((found): found is Conditional => found.kind === "if" && found.elseIf === true)) {
    part.span = { start: part.span!.start, end: cursor.last };
  }
  return first;
}

/** Looks without taking: comments in front of another statement belong to that. */
function elseFollows({ text, at }: Cursor): boolean {
  let next = at;
  for (;;) {
    while (/\s/.test(text.charAt(next))) next++;
    if (text.charCodeAt(next) !== HASH || isHashInclude(text, next)) return lex(text, next).word === "else";
    next = commentEnd(text, next) ?? text.length;
  }
}

function one(cursor: Cursor, end: number): Conditional {
  const start = cursor.at;
  take(cursor, end, "keyword");
  const test = supports(cursor.language, "5.0") ? expression50(cursor, expression) : expression(cursor);
  return { kind: "if", test, then: branch(cursor, "the condition"), span: { start, end: cursor.last } };
}
