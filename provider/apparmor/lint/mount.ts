import type { MountRule } from "../ast.js";
import type { Access } from "../policy/index.js";
import type { ResolvedRule } from "../resolve/types.js";
import { isOwn, ofRule, type Check, type Context } from "./context.js";
import { deletion } from "./edits.js";
import type { Finding } from "./types.js";

/** `mount,` without a word about what, where and how. */
export const bareMount: Check = (context) =>
  context.profile.rules.flatMap((each) => {
    const { rule } = each;
    if (rule.kind !== "mount" || rule.qualifiers.mode === "deny" || !isOwn(context, each)) return [];
    if (!isEverywhere(rule.target?.value)) return [];
    if (rule.conditions.length > 0) return narrower(context, each, rule);
    if (!isEverywhere(rule.source?.value)) return [];
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

/** Bind mounts of anything, and a new proc or sysfs at any place. */
function narrower(context: Context, each: ResolvedRule, rule: MountRule): Finding[] {
  const types = rule.conditions.filter(({ name }) => name === "fstype").flatMap(({ values }) => values.map(({ value }) => value));
  const kernel = types.find((type) => type === "proc" || type === "sysfs");
  const probe: Access = { class: "mount", source: "/posture-probe/a/", target: "/posture-probe/b/", options: ["rw", "bind"] };
  const binds = types.length === 0 && isEverywhere(rule.source?.value) && isAllowedBy(context, probe, each);
  if (kernel === undefined && !binds) return [];
  return [
    ofRule(context, each, {
      code: "bare-mount",
      severity: "warning",
      message: binds
        ? "anything may be bind-mounted everywhere, which gets around every file rule"
        : `${kernel} may be mounted everywhere, without the denies on its paths`,
      hint: binds
        ? "name what is mounted, and where: /srv/data/ -> /data/,"
        : `say where: mount fstype=${kernel} -> /${kernel === "proc" ? "proc" : "sys"}/,`,
    }),
  ];
}

function isAllowedBy({ decide }: Context, access: Access, each: ResolvedRule): boolean {
  const { allowed, rules } = decide(access);
  return allowed && rules.includes(each);
}

function isEverywhere(path: string | undefined): boolean {
  return path === undefined || path === "**" || path === "/**" || path === "/{,**}" || path === "/{**,}";
}
