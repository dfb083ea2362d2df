import type { Rule } from "../../ast.js";
import type { Report } from "./report.js";

const withoutPriority = new Set<Rule["kind"]>(["network", "all"]);
const withOwner = new Set<Rule["kind"]>(["file", "link"]);

/** Check that the rule takes what is written before it. */
export function checkQualifiers(report: Report, rule: Rule): void {
  const { owner, priority } = rule.qualifiers;
  if (owner && !withOwner.has(rule.kind)) {
    report(rule.span, { code: "qualifier-not-allowed", message: `\`${owner}\` is for files, not for ${rule.kind} rules`, hint: "leave it out" });
  }
  if (priority && withoutPriority.has(rule.kind)) {
    report(rule.span, { code: "qualifier-not-allowed", message: `${rule.kind} rules have no priority`, hint: "leave it out" });
  }
}
