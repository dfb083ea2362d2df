import { overlap } from "../policy/index.js";
import { isOwn, ofRule, type Check } from "./context.js";

/** Exec rules whose programs deny rules keep from being run; what else such a rule allows (ix maps, too) may stay. */
export const shadowedExec: Check = (context) => {
  const denies = context.profile.rules.filter(({ rule }) => rule.kind === "file" && rule.qualifiers.mode === "deny" && rule.exec);
  if (denies.length === 0) return [];
  return context.policy.profile.rules.flatMap((each) => {
    const { rule } = each;
    if (rule.kind !== "file" || !rule.exec || !rule.path || rule.qualifiers.mode === "deny" || !isOwn(context, each)) return [];
    if (overlap(context.policy, "file", "x", rule.path.value)) return [];
    return [
      ofRule(context, each, {
        code: "shadowed-rule",
        severity: "warning",
        message: `no program of ${rule.path.value} can be run: deny rules forbid it`,
        hint: "a deny wins wherever it stands: delete this rule, narrow the deny, or (since 4.1) give this one a priority",
      }),
    ];
  });
};
