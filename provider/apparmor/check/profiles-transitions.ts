import type { Rule } from "../ast.js";
import type { ResolvedProfile } from "../resolve/types.js";
import type { Report } from "./profiles.js";

/** The kernel's table of exec transitions has 16 places, of which the first four have a meaning of their own. */
const places = 12;

/** A profile may name so many profiles to change to, at an exec or a pivot_root, each counted once. */
export function checkTransitions(profile: ResolvedProfile, report: Report): void {
  const named = new Set<string>();
  for (const each of profile.rules) {
    const name = transition(profile, each.rule);
    if (name === undefined || named.has(name)) continue;
    named.add(name);
    if (named.size <= places) continue;
    report(each, each.rule.span, {
      code: "too-many-transitions",
      message: `profile ${profile.fullName} names more than ${places} profiles in its exec rules`,
      hint: "let some programs change to a profile by their attachment: px without ->",
    });
    return;
  }
}

function transition(profile: ResolvedProfile, rule: Rule): string | undefined {
  if (rule.kind === "pivot_root") return rule.target?.value;
  if (rule.kind !== "file" || !rule.exec) return undefined;
  const { path, target } = rule;
  if (!target || (rule.leading && rule.permissions.includes("l"))) return undefined;
  if (target.value.startsWith(":") || target.value.startsWith("&:")) return target.value;
  // A child of the path's own name needs no place.
  const [parent, ...rest] = target.value.split("//");
  if (parent !== "" && rest.length > 0 && rest.join("//") === path?.value) return undefined;
  if (!/^c/i.test(rule.exec)) return target.value;
  return target.value === path?.value ? undefined : `${profile.name}//${target.value}`;
}
