import type { Condition, Word } from "../../ast.js";
import { oneOf, type Report } from "./report.js";

/** What a rule takes by way of a condition. */
export interface Known {
  /** takes `(a b)`; default: one value. `first`: the compiler reads the first of them only */
  values?: "many" | "first";
  /** may be given more than once; default: once */
  repeated?: boolean;
}

/**
 * Check names, operators and numbers of values.
 *
 * @param seen names that were given already, in another list of the same rule
 * @returns the values by name, those of unknown conditions left out
 */
export function checkConditions(
  report: Report,
  rule: string,
  conditions: readonly Condition[],
  known: Record<string, Known>,
  seen = new Set<string>(),
): Map<string, Word[]> {
  const values = new Map<string, Word[]>();
  for (const condition of conditions) {
    const { name, span } = condition;
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!kind) {
      const names = Object.keys(known);
      const hint = names.length ? `it takes ${oneOf(names)}` : "it takes none";
      report(span, { code: "unknown-condition", message: `\`${name}\` is no condition here in a ${rule}`, hint });
      continue;
    }
    if (condition.operator === "in" || condition.values.length === 0) {
      const message = condition.values.length ? `\`in\` does not go with \`${name}\` in a ${rule}` : `\`${name}\` has no value`;
      report(span, { code: "condition-operator", message, hint: `write \`${name}=value\`` });
      continue;
    }
    if (condition.values.length > 1 && !kind.values) {
      report(span, { code: "one-value", message: `\`${name}\` takes one value, found ${condition.values.length}`, hint: "write one rule for each value" });
    }
    if (seen.has(name) && !kind.repeated) {
      report(span, { code: "repeated-condition", message: `\`${name}\` is given twice`, hint: "write two rules" });
    }
    seen.add(name);
    const given = values.get(name);
    if (!given) values.set(name, [...condition.values]);
    else for (const value of condition.values) given.push(value);
  }
  return values;
}
