import type { Statement } from "../ast.js";
import { lay } from "./layout.js";
import { rank, sorted } from "./order.js";

export interface PrintOptions {
  /** default true: rules in canonical order, see {@link sorted}; false: in the order given */
  sort?: boolean;
}

/**
 * The canonical text of a tree: two blanks for each level, one rule a line, an empty line between kinds of rules,
 * qualifiers in the order `priority= audit deny owner`, quotes where they are needed only. It ends with a newline,
 * unless it is empty. Printing what was parsed from it gives it again.
 */
export function print(statements: readonly Statement[], { sort = true }: PrintOptions = {}): string {
  const lines = lay(sort ? sorted(statements) : statements, spaced);
  return lines.map((line) => `${line}\n`).join("");
}

/** Empty lines between groups and before comments; a comment belongs to what follows it. */
export function spaced(before: Statement, after: Statement): boolean {
  if (before.kind === "comment") return false;
  return after.kind === "comment" || opensBlock(before) || opensBlock(after) || group(before) !== group(after);
}

function opensBlock({ kind }: Statement): boolean {
  return kind === "profile" || kind === "if" || kind === "block";
}

function group(statement: Statement): number | string {
  const { kind } = statement;
  // these have no rank: their order is not changed
  if (kind === "assignment" || kind === "boolean") return "variables";
  if (kind === "alias") return kind;
  return kind === "mount" || kind === "remount" || kind === "umount" ? "mounts" : rank(statement);
}
