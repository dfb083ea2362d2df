import { deletion } from "./edits.js";
import { insertionAfter, isOwn, ofRule, type Check } from "./context.js";

/** A way out by change_profile. */
export const changeProfileUnconfined: Check = (context) => {
  const { allowed, rules } = context.decide({ class: "change_profile", target: "unconfined" });
  if (!allowed) return [];
  const each = rules.find(({ rule }) => rule.kind === "change_profile");
  if (!each) return [];
  const { rule } = each;
  const named = rule.kind === "change_profile" && rule.target ? `-> ${rule.target.value}` : "to every profile";
  return [
    ofRule(context, each, {
      code: "change-profile-unconfined",
      severity: isOwn(context, each) ? "warning" : "info",
      message: `change_profile ${named} lets the program leave its confinement (unconfined)`,
      hint: "name the profiles it has to change to; what an include allows takes `deny change_profile -> unconfined,`",
      fix:
        isOwn(context, each) && rule.span
          ? { title: "delete the rule", edits: [deletion(each.document, rule.span)], safe: false }
          : { title: "deny it", edits: [insertionAfter(context, each, "deny change_profile -> unconfined,")], safe: false },
    }),
  ];
};

/** Programs that run unconfined. */
export const unconfinedExec: Check = (context) =>
  context.profile.rules.flatMap((each) => {
    const { rule } = each;
    if (rule.kind !== "file" || !rule.exec || rule.qualifiers.mode === "deny" || !isOwn(context, each)) return [];
    const named = /^p/i.test(rule.exec) && rule.target?.value === "unconfined";
    if (!named && !/u/i.test(rule.exec)) return [];
    const fallback = rule.exec.length === 3 && !named;
    const unscrubbed = /^[up]/.test(rule.exec) || rule.environment === "unsafe";
    return [
      ofRule(context, each, {
        code: "unconfined-exec",
        severity: fallback ? "info" : "warning",
        message: `${rule.path?.value ?? "a program"} runs unconfined (${rule.exec}${named ? " -> unconfined" : ""})${fallback ? " where it has no profile of its own" : ""}${unscrubbed ? ", with an environment (LD_PRELOAD, …) that this program chooses" : ""}`,
        hint: "use Px with a profile for it, Cx with a child profile, or ix to keep it in this one",
      }),
    ];
  });
