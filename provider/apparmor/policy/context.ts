import { isExact } from "../glob/index.js";
import type { ResolvedRule } from "../resolve/types.js";
import type { Qualifiers } from "../ast.js";
import type { Clause, ClauseMode, TableName } from "./clause.js";
import type { Patterns, Words } from "./patterns.js";

/** What making the clauses of one profile needs. */
export interface Context {
  patterns: Patterns;
  /** the profile's own name, without parents */
  profileName: string;
  aliases: readonly { from: string; to: string }[];
  clauses: Clause[];
}

/** A rule's qualifiers as they act. */
export interface Effect {
  source?: ResolvedRule;
  mode: ClauseMode;
  priority: number;
  /** of an allow: log it; of a deny: do not */
  audit: boolean;
}

export function effectOf(source: ResolvedRule): Effect {
  const { mode = "allow", audit = false, priority = 0 }: Qualifiers = source.rule.qualifiers;
  return { source, mode, priority, audit: mode === "deny" ? !audit : audit };
}

export function add(context: Context, table: TableName, effect: Effect, words: Words, permissions: number, audit = permissions): void {
  if (permissions === 0) return;
  const { source, mode, priority } = effect;
  context.clauses.push({
    table,
    ...(source ? { source } : {}),
    words,
    mode,
    priority,
    permissions,
    audit: effect.audit ? audit : 0,
    exact: words.fields.every(({ regex }) => isExact(regex)),
  });
}
