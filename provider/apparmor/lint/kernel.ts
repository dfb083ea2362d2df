import type { ResolvedRule } from "../resolve/types.js";
import type { FindingCode } from "./codes.js";
import { insertionAfter, isOwn, ofRule, type Check, type Context } from "./context.js";
import { isEverything } from "./files.js";
import { interfaces, memory, type KernelPath } from "./kernel-paths.js";
import type { Finding, Severity } from "./types.js";

/** /dev/mem and its kin, after the denies. */
export const kernelMemory: Check = (context) => reachable(context, memory, "kernel-memory", "error", "is readable or writable");

/** Kernel interfaces that are writable after the denies. */
export const kernelInterfaces: Check = (context) => reachable(context, interfaces, "kernel-interface-writable", "warning", "is writable");

/** One finding for each rule that gives away some of the paths. */
function reachable(context: Context, paths: readonly KernelPath[], code: FindingCode, severity: Severity, what: string): Finding[] {
  const by = new Map<ResolvedRule, KernelPath[]>();
  for (const each of paths) {
    const rule = giver(context, each);
    if (rule && !(each.named && (!isOwn(context, rule) || allowsEverything(rule)))) by.set(rule, [...(by.get(rule) ?? []), each]);
  }
  return [...by].map(([rule, given]) => {
    const [first, ...others] = given;
    const more = others.length === 0 ? "" : `; so ${others.length === 1 ? "is" : "are"} ${others.map(({ path }) => path).join(", ")}`;
    const denials = given.map(({ path }) => `deny ${path} ${code === "kernel-memory" ? "rwklx" : "wklx"},`);
    return ofRule(context, rule, {
      code,
      // What comes with every file is told as that.
      severity: isOwn(context, rule) && !allowsEverything(rule) ? severity : "info",
      message: `${first!.path} ${what}, which ${code === "kernel-memory" ? `is ${first!.why}` : first!.why}${more}`,
      hint: `deny ${given.length === 1 ? "it" : "them"}: ${denials.join(" ")}`,
      fix: { title: `deny ${given.length === 1 ? "it" : "them"}`, edits: [insertionAfter(context, rule, denials.join(" "))], safe: false },
    });
  });
}

function giver({ decide }: Context, { path, permissions, named }: KernelPath): ResolvedRule | undefined {
  for (const permission of permissions) {
    // a deny of `owner` leaves what belongs to others, and what belongs to the task itself is no way out
    for (const owner of named ? [false] : [true, false]) {
      const { allowed, rules } = decide({ class: "file", path, permissions: permission, owner });
      if (allowed) return rules.find(({ rule }) => rule.qualifiers.mode !== "deny");
    }
  }
  return undefined;
}

function allowsEverything({ rule }: ResolvedRule): boolean {
  return rule.kind === "all" || (rule.kind === "file" && isEverything(rule.path?.value));
}
