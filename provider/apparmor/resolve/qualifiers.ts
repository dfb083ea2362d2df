import type { Qualifiers, Rule } from "../ast.js";
import { isBareExec } from "../names/exec.js";
import { ResolveError } from "./error.js";

/** The rules that a block `audit { … }` hands on; the compiler drops every other kind, whatever it says. */
const kept: ReadonlySet<Rule["kind"]> = new Set(["file", "link", "change_profile"]);

export function passesBlock(rule: Rule): boolean {
  return kept.has(rule.kind);
}

/**
 * A rule's qualifiers with those of the blocks around it, innermost first.
 *
 * The compiler lets the outer block decide on allow and deny, absent ones included (`audit { deny /a r, }` allows), and
 * audits what any of them does; a deny that no block audits is silent.
 *
 * @returns undefined when nothing is left: `owner` and `other` exclude each other
 */
export function merge(own: Qualifiers, blocks: readonly Qualifiers[]): Qualifiers | undefined {
  if (blocks.length === 0) return own;
  const all = [own, ...blocks];
  const owners = new Set(all.flatMap(({ owner }) => owner ?? []));
  if (owners.size > 1) return undefined;
  const mode = blocks.at(-1)!.mode;
  const logged = all.some((each) => (each.mode === "deny") !== (each.audit === true));
  const audit = mode === "deny" ? !logged : logged;
  const [owner] = owners;
  return { ...(audit && { audit }), ...(mode && { mode }), ...(owner && { owner }) };
}

/**
 * What a block makes of a rule's exec mode.
 *
 * @throws ResolveError for a deny with `ix` and the like, and for an allow with a bare `x`
 */
export function refuseExec(rule: Rule): void {
  if (rule.kind !== "file" || !rule.exec) return;
  const denied = rule.qualifiers.mode === "deny";
  if (denied === isBareExec(rule)) return;
  if (denied)
    throw new ResolveError(
      "deny-exec-mode",
      `the block makes this a deny rule, which says x and not ${rule.exec === "x" ? "unsafe" : rule.exec}`,
      "write x",
    );
  throw new ResolveError(
    "exec-mode",
    "the block makes this an allow rule, where x needs a mode",
    "write ix, px, cx or ux, or put deny on the block",
  );
}
