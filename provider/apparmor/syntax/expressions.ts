import type { Expression, Word } from "../ast.js";
import { QUOTE, quotedEnd } from "./chars.js";
import { fail, take, takeWord, type Cursor } from "./cursor.js";
import { unexpected } from "./expect.js";
import { lex, peek } from "./initial.js";

const maxNesting = 100;
const operand = /[^\s()=!<>{},"]+/y;
const operator = /==|!=|<=|>=|<|>|in(?=[\s"@])/y;

const wordOf = (cursor: Cursor): string => {
  const next = peek(cursor);
  return next.word || (next.kind === "id" ? cursor.text.slice(cursor.at, next.end) : "");
};

/** A condition as AppArmor 5.0 takes it: `and`, `or`, `not`, parentheses, comparisons. `and` binds closer than `or`. */
export function expression(cursor: Cursor, factor: (cursor: Cursor) => Expression, depth = 0): Expression {
  if (depth > maxNesting) fail(cursor, { start: cursor.at, end: cursor.at + 1 }, { code: "too-deep", message: "the condition is nested too deep" });
  const binary = (op: "and" | "or", part: () => Expression): Expression => {
    let left = part();
    for (let count = 0; wordOf(cursor) === op; count++) {
      if (count === maxNesting) fail(cursor, { start: cursor.at, end: cursor.at + op.length }, { code: "too-deep", message: `more than ${maxNesting} \`${op}\` in a row` });
      take(cursor, cursor.at + op.length, "keyword");
      const right = part();
      left = { op, operands: [left, right], span: { start: left.span!.start, end: right.span!.end } };
    }
    return left;
  };
  return binary("or", () => binary("and", () => unary(cursor, factor, depth)));
}

function unary(cursor: Cursor, factor: (cursor: Cursor) => Expression, depth: number): Expression {
  const next = peek(cursor);
  const start = cursor.at;
  if (next.word === "not") {
    if (depth > maxNesting) fail(cursor, { start, end: next.end }, { code: "too-deep", message: "the condition is nested too deep" });
    take(cursor, next.end, "keyword");
    const inner = unary(cursor, factor, depth + 1);
    return { op: "not", operand: inner, span: { start, end: cursor.last } };
  }
  if (next.kind === "(") {
    take(cursor, next.end, "punctuation");
    const inner = expression(cursor, factor, depth + 1);
    peek(cursor);
    if (cursor.text.charAt(cursor.at) !== ")") unexpected(cursor, "`)`");
    take(cursor, cursor.at + 1, "punctuation");
    return inner;
  }
  return next.kind === "bool" || next.word === "defined" ? factor(cursor) : comparison(cursor);
}

function comparison(cursor: Cursor): Expression {
  const left = value(cursor);
  peek(cursor);
  operator.lastIndex = cursor.at;
  const [op] = operator.exec(cursor.text) ?? unexpected(cursor, "a comparison: ==, !=, <, <=, >, >= or in");
  take(cursor, cursor.at + op.length, "keyword");
  const right = value(cursor);
  return { op: op as "==", left, right, span: { start: left.span!.start, end: right.span!.end } };
}

function value(cursor: Cursor): Word {
  peek(cursor);
  const { text, at } = cursor;
  const variable = text.charAt(at) === "@" ? lex(text, at) : undefined;
  if (variable?.kind === "set") return takeWord(cursor, variable.end);
  operand.lastIndex = at;
  const end = text.charCodeAt(at) === QUOTE ? quotedEnd(text, at) : at + (operand.exec(text)?.[0].length ?? 0);
  return end === at ? unexpected(cursor, "a variable or value") : takeWord(cursor, end);
}
