import type { Expression } from "../ast.js";
import { ResolveError } from "./error.js";
import type { Symbols } from "./symbols.js";
import { lookupOf, valuesOf, type Values } from "./values.js";

const maxDepth = 200;

/**
 * What an `if` comes to with what is declared so far.
 *
 * As the compiler has it, `defined $x` is the value of `$x`, and an error when there is none.
 *
 * @throws ResolveError for a boolean that is not declared
 */
export function evaluate(test: Expression, symbols: Symbols): boolean {
  return decide(test, symbols, valuesOf(lookupOf(symbols)), 0);
}

function decide(test: Expression, symbols: Symbols, values: Values, depth: number): boolean {
  if (depth > maxDepth) throw new ResolveError("condition-depth", `a condition of more than ${maxDepth} levels`);
  const inner = (expression: Expression): boolean => decide(expression, symbols, values, depth + 1);
  switch (test.op) {
    case "boolean":
      return boolean(test.name, symbols);
    case "defined":
      // Asking for a set expands it, which may fail.
      return test.variable === "boolean" ? boolean(test.name, symbols) : symbols.sets.has(test.name) && values(test.name).length > 0;
    case "not":
      return !inner(test.operand);
    case "and":
    case "or": {
      // Both sides are read, and refused, before either counts.
      const [left, right] = test.operands.map(inner);
      return test.op === "and" ? left! && right! : left! || right!;
    }
    default:
      return compare(test, values);
  }
}

function boolean(name: string, symbols: Symbols): boolean {
  const value = symbols.booleans.get(name);
  if (value === undefined)
    throw new ResolveError("undefined-boolean", `$${name} is not defined`, `declare it before the profile: $${name} = true`);
  return value;
}

type Comparison = Extract<Expression, { left: unknown }>;

function compare({ op, left, right }: Comparison, values: Values): boolean {
  const a = operand(left.value, values);
  const b = operand(right.value, values);
  if (op === "in") return a.every((value) => b.includes(value));
  if (op === "==" || op === "!=") return (a.length === b.length && a.every((value) => b.includes(value))) === (op === "==");
  const [x, y] = [Number(a[0]), Number(b[0])];
  if (a.length !== 1 || b.length !== 1 || Number.isNaN(x) || Number.isNaN(y))
    throw new ResolveError("comparison", `${op} compares two numbers, not ${left.value} and ${right.value}`);
  return op === "<" ? x < y : op === "<=" ? x <= y : op === ">" ? x > y : x >= y;
}

function operand(text: string, values: Values): readonly string[] {
  const name = /^@\{([A-Za-z]\w*)\}$/.exec(text)?.[1];
  return name === undefined ? [text] : values(name);
}
