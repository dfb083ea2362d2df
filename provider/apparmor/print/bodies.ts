import type { Conditional, Statement } from "../ast.js";

type Change = (body: readonly Statement[]) => Statement[];

/** A statement with `change` made to every list of statements within it, the innermost first. */
export function changeBodies<S extends Statement>(statement: S, change: Change): S;
export function changeBodies(statement: Statement, change: Change): Statement {
  switch (statement.kind) {
    case "profile":
    case "block":
      return { ...statement, body: changeAll(statement.body, change) };
    case "if":
      return changeBranches(statement, change);
    default:
      return statement;
  }
}

/** Likewise for a list, itself included. */
export function changeAll(statements: readonly Statement[], change: Change): Statement[] {
  return change(statements.map((statement) => changeBodies(statement, change)));
}

/** A loop, as a chain of `else if` is as deep as it is long. */
function changeBranches(first: Conditional, change: Change): Conditional {
  const chain: Conditional[] = [first];
  let next = elseIf(first);
  while (next) {
    chain.push(next);
    next = elseIf(next);
  }
  const last = chain.at(-1)!.otherwise;
  let otherwise = last && changeAll(last, change);
  for (const branch of chain.toReversed()) {
    otherwise = [{ ...branch, then: changeAll(branch.then, change), ...(otherwise ? { otherwise } : {}) }];
  }
  return otherwise![0] as Conditional;
}

/** The next link of a chain `if … else if …`. */
export function elseIf({ otherwise }: Conditional): Conditional | undefined {
  const only = otherwise?.length === 1 ? otherwise[0] : undefined;
  return only?.kind === "if" && only.elseIf ? only : undefined;
}
