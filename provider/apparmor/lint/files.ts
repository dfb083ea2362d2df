import type { ResolvedRule } from "../resolve/types.js";
import { isOwn, ofRule, type Check, type Context } from "./context.js";

/** The rule that allows every file, if there is one: `file,`, `all,` or `/** rw`. */
export function everyFile({ profile, decide }: Context): ResolvedRule | undefined {
  const probes = ["/posture-probe", "/a/b/posture-probe", "/etc/posture-probe"].map((path) =>
    decide({ class: "file", path, permissions: "rw" }),
  );
  if (probes.some(({ allowed }) => !allowed)) return undefined;
  const rules = probes.flatMap((probe) => probe.rules);
  return profile.rules.find(
    (each) => rules.includes(each) && (each.rule.kind === "all" || (each.rule.kind === "file" && isEverything(each.rule.path?.value))),
  );
}

/** Whether a file rule's path means every file. */
export function isEverything(path: string | undefined): boolean {
  return path === undefined || ["/**", "/{**,}", "/{,**}", "/{,**,}", "**"].includes(path);
}

/** Every file is allowed, so that the profile's own allows are no limits: only its denies are. */
export const fileUnrestricted: Check = (context) => {
  const rule = everyFile(context);
  if (!rule) return [];
  const idle = context.profile.rules.filter(
    (each) => each !== rule && isOwn(context, each) && each.rule.kind === "file" && each.rule.qualifiers.mode !== "deny",
  );
  return [
    ofRule(context, rule, {
      code: "file-unrestricted",
      severity: idle.length > 0 ? "warning" : "info",
      message: `every file is allowed${idle.length === 0 ? "" : `: the ${idle.length === 1 ? "file rule" : `${idle.length} file rules`} of this profile narrow${idle.length === 1 ? "s" : ""} nothing`}`,
      hint: "limit it with deny rules for what must not be touched, or replace what allows everything by the files that are needed",
    }),
  ];
};
