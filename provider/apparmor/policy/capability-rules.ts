import type { CapabilityRule } from "../ast.js";
import { choiceOf, text } from "../glob/index.js";
import type { ResolvedRule } from "../resolve/types.js";
import { add, effectOf, type Context } from "./context.js";
import { anyPattern, fields } from "./patterns.js";

/** `capability net_admin,`: names; without any, every capability, of newer kernels too. The compiler knows no priority there. */
export function addCapabilityRule(context: Context, source: ResolvedRule, rule: CapabilityRule): void {
  const names = rule.names.map(({ value }) => value);
  const effect = effectOf(source);
  const mode = effect.mode === "deny" ? "deny" : "allow";
  const pattern = names.length === 0 ? anyPattern : { key: names.join(), regex: choiceOf(names.map(text)) };
  add(context, "capability", { ...effect, mode, priority: 0 }, fields(pattern), 1);
}
