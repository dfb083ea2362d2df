import type { Rule } from "../ast.js";
import { redundantRules, type Redundancy } from "../policy/index.js";
import { originOf } from "../resolve/origin.js";
import type { ResolvedRule } from "../resolve/types.js";
import { isOwn, ofRule, type Check, type Context } from "./context.js";
import { deletion } from "./edits.js";
import { isEverything } from "./files.js";
import type { Finding, Fix } from "./types.js";

/** Each rule is weighed against those that it meets; generated texts of more have other problems. */
const maxRules = 4000;

/** Rules that could go without a difference; those of includes are their authors' matter. */
export const redundant: Check = (context) => {
  if (context.profile.rules.length > maxRules) return [];
  return redundantRules(context.policy)
    .filter(({ rule }) => rule.via.length === 0 && isOwn(context, rule))
    .map((each) => tell(context, each));
};

function tell(context: Context, { rule, by, unallowed }: Redundancy): Finding {
  const fix = deletionOf(rule);
  const allows = rule.rule.qualifiers.mode !== "deny";
  if (allows && by.length > 0 && by.every((other) => other.rule.qualifiers.mode === "deny"))
    return ofRule(context, rule, {
      code: "shadowed-rule",
      severity: "warning",
      message: `${named(by)} ${by.length === 1 ? "denies" : "deny"} all that this rule allows`,
      hint: "a deny wins wherever it stands: delete the rule, or narrow the deny",
      ...fix,
    });
  const wide = by.find((other) => other.rule.qualifiers.mode !== "deny" && isBare(other.rule));
  if (allows && wide && !isBare(rule.rule))
    return ofRule(context, rule, {
      code: "no-op-allow",
      severity: "warning",
      message: `${textOf(wide.rule)}, (${originOf(wide)}) allows all ${things[wide.rule.kind] ?? "of it"} already: this rule grants nothing and narrows nothing`,
      hint: "delete it; to close something beside such a rule, deny it",
      ...fix,
    });
  if (unallowed)
    return ofRule(context, rule, {
      code: "redundant-rule",
      severity: "info",
      message:
        by.length === 0
          ? "nothing allows this anyway: without the rule it is denied and logged too"
          : `${named(by)} ${by.length === 1 ? "denies" : "deny"} a part of this too, and nothing allows the rest: without the rule it is denied and logged as well`,
      hint: "keep it as a guard against what may be allowed later, or delete it",
      // what it guards against is its author's to know
      ...(fix.fix && { fix: { ...fix.fix, safe: false } }),
    });
  return ofRule(context, rule, {
    code: "redundant-rule",
    severity: "info",
    message: reason(allows, by),
    hint: "delete it",
    ...fix,
  });
}

function reason(allows: boolean, by: readonly ResolvedRule[]): string {
  if (by.length === 0) return "this rule changes nothing";
  const one = by.length === 1;
  if (!allows && by.some(({ rule }) => rule.qualifiers.mode !== "deny"))
    return `${named(by)} ${one ? "decides" : "decide"} wherever this rule would, by priority`;
  return `${named(by)} ${one ? "says" : "say"} all that this rule does`;
}

const things: Partial<Record<Rule["kind"], string>> = {
  file: "files",
  capability: "capabilities",
  network: "sockets",
  mount: "mounts",
  umount: "unmounting",
  signal: "signals",
  ptrace: "tracing",
  dbus: "messages",
};

/** A rule that names nothing, and so means everything of its kind. */
function isBare(rule: Rule): boolean {
  switch (rule.kind) {
    case "all":
      return true;
    case "file":
      return !rule.target && isEverything(rule.path?.value);
    case "capability":
      return rule.names.length === 0;
    case "network":
      return !rule.family && !rule.type && rule.access.length === 0 && rule.conditions.length === 0 && !rule.peer;
    case "mount":
    case "umount":
      return !rule.source && !rule.target && rule.conditions.length === 0;
    case "signal":
    case "ptrace":
      return rule.access.length === 0 && rule.conditions.length === 0;
    case "dbus":
    case "unix":
      return rule.access.length === 0 && rule.conditions.length === 0 && !rule.peer;
    default:
      return false;
  }
}

function deletionOf({ document, rule: { span } }: ResolvedRule): { fix?: Fix } {
  return span ? { fix: { title: "delete the rule", edits: [deletion(document, span)], safe: true } } : {};
}

function named(by: readonly ResolvedRule[]): string {
  const shown = by.slice(0, 3).map((each) => `${textOf(each.rule)} (${originOf(each)})`);
  return by.length > 3 ? `${shown.join(", ")} and ${by.length - 3} more` : shown.join(" and ");
}

/** A rule in few words. */
function textOf(rule: Rule): string {
  const deny = rule.qualifiers.mode === "deny" ? "deny " : "";
  return deny + (rule.kind === "file" ? (rule.path?.value ?? "file") : rule.kind);
}
