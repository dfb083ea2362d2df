import type { Conditional, Statement } from "../ast.js";
import { elseIf } from "./bodies.js";
import { expressionText, statementText } from "./statements.js";

/** Whether an empty line stands between two statements of one block. */
export type Gap = (before: Statement, after: Statement) => boolean;

/** Lines of statements, two blanks for each block around them. */
export function lay(statements: readonly Statement[], gap: Gap): string[] {
  const lines: string[] = [];
  layInto(lines, statements, gap, "");
  return lines;
}

function layInto(lines: string[], statements: readonly Statement[], gap: Gap, indent: string): void {
  let previous: Statement | undefined;
  // a comment runs to the end of its line: a second one needs another
  let open = lines.length > 0;
  for (const statement of statements) {
    if (statement.kind === "comment" && statement.trailing && open) {
      lines[lines.length - 1] += ` ${statementText(statement)}`;
      open = false;
    } else {
      if (previous && gap(previous, statement)) lines.push("");
      layStatement(lines, statement, gap, indent);
      open = statement.kind !== "comment";
      previous = statement;
    }
  }
}

function layStatement(lines: string[], statement: Statement, gap: Gap, indent: string): void {
  const head = indent + statementText(statement);
  switch (statement.kind) {
    case "profile":
    case "block":
      lines.push(`${head} {`.replace(/^(\s*) \{$/, "$1{"));
      layInto(lines, statement.body, gap, `${indent}  `);
      lines.push(`${indent}}`);
      return;
    case "if":
      lines.push(`${head} {`);
      layBranches(lines, statement, gap, indent);
      return;
    default:
      lines.push(head);
  }
}

function layBranches(lines: string[], first: Conditional, gap: Gap, indent: string): void {
  for (let branch = first; ; ) {
    layInto(lines, branch.then, gap, `${indent}  `);
    const next = elseIf(branch);
    if (next) lines.push(`${indent}} else if ${expressionText(next.test)} {`);
    else if (branch.otherwise) {
      lines.push(`${indent}} else {`);
      layInto(lines, branch.otherwise, gap, `${indent}  `);
    }
    if (!next) break;
    branch = next;
  }
  lines.push(`${indent}}`);
}
