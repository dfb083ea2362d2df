import { isOwn, ofProfile, type Check, type Context } from "./context.js";
import { replacement } from "./edits.js";
import type { Fix } from "./types.js";

/** A container's profile that logs nothing of what it allows or denies. */
export const noAudit: Check = (context) => {
  const { container, incomplete, profile } = context;
  if (!container || incomplete || profile.profile.flags.some(({ value }) => value === "audit")) return [];
  if (profile.rules.some(({ rule }) => rule.qualifiers.audit)) return [];
  return [
    ofProfile(context, {
      code: "no-audit",
      severity: "warning",
      message: "no rule is audited: neither what the container does with what it may, nor what a deny rule stops, is in the log",
      ...auditFix(context),
      hint: "write `audit` before rules for what matters (`audit deny /mnt/shared/private/** w,`)",
    }),
  ];
};

/** Audits the profile's own denies, or where it has none, what may be written. */
function auditFix(context: Context): { fix?: Fix } {
  const own = context.profile.rules.filter((each) => isOwn(context, each) && each.via.length === 0 && each.rule.span);
  const denies = own.filter(({ rule }) => rule.qualifiers.mode === "deny");
  const writes = own.filter(({ rule }) => rule.kind === "file" && /[wa]/.test(rule.permissions));
  const rules = denies.length > 0 ? denies : writes;
  const edits = rules
    .filter(({ rule }) => rule.qualifiers.priority === undefined)
    .map(({ document, rule: { span } }) => replacement(document, { start: span!.start, end: span!.start }, "audit "));
  return edits.length === 0
    ? {}
    : { fix: { title: denies.length > 0 ? "audit the deny rules" : "audit the rules that allow writing", edits, safe: false } };
}
