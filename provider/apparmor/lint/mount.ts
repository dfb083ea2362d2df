import { isOwn, ofRule, type Check } from "./context.js";
import { deletion } from "./edits.js";

/** `mount,` without a word about what, where and how. */
export const bareMount: Check = (context) =>
  context.profile.rules.flatMap((each) => {
    const { rule } = each;
    if (rule.kind !== "mount" || rule.qualifiers.mode === "deny" || !isOwn(context, each)) return [];
    if (rule.conditions.length > 0 || isEverywhere(rule.source?.value) === false || isEverywhere(rule.target?.value) === false) return [];
    return [
      ofRule(context, each, {
        code: "bare-mount",
        severity: "warning",
        message:
          "everything may be mounted everywhere: bind mounts get around every file rule, and proc or sysfs can be mounted anew without the denies on their paths",
        ...(rule.span && { fix: { title: "delete the rule", edits: [deletion(each.document, rule.span)], safe: false } }),
        hint: "say what is needed: mount fstype=tmpfs -> /run/**,",
      }),
    ];
  });

function isEverywhere(path: string | undefined): boolean {
  return path === undefined || path === "**" || path === "/**" || path === "/{,**}" || path === "/{**,}";
}
