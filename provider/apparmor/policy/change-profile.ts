import type { ChangeProfileRule } from "../ast.js";
import type { ResolvedRule } from "../resolve/types.js";
import { sequence, set, star, text, component, notNull } from "../glob/index.js";
import { fileBits } from "./bits.js";
import { add, type Context, type Effect } from "./context.js";
import { addEntry } from "./file-rules.js";
import { anyPattern, fields, nothing, someName, type Pattern } from "./patterns.js";

/** To change at once, and to change at an exec. */
export const changeBit = 1;
export const onExecBit = 2;
/** What a change at an exec needs, each by rules of its own: the target, the exec, and the pair, which says how. */
const targetPart = 4;
const execPart = 8;
export const execBit = 16;
export const onExecParts = targetPart | execPart | execBit;

const anyExec: Pattern = { key: "/[^/\\0][^\\0]*", regex: sequence(text("/"), set(component), star(notNull)) };

/**
 * `change_profile /exec -> target,`: strings of exec (empty for a change at once) and target. The compiler knows neither
 * priorities nor audit here, never silences a denial, and denies every change at an exec that a deny rule could mean.
 */
export function addChangeProfile(context: Context, source: ResolvedRule, rule: ChangeProfileRule): void {
  const effect: Effect = { source, mode: rule.qualifiers.mode === "deny" ? "deny" : "allow", priority: 0, audit: false };
  const target = context.patterns.name(rule.target?.value ?? "**");
  const exec = rule.exec ? context.patterns.name(rule.exec.value) : anyExec;
  add(context, "change_profile", effect, fields(nothing, target), changeBit);
  add(context, "change_profile", effect, fields(someName, target), targetPart);
  add(context, "change_profile", effect, fields(exec, anyPattern), execPart);
  add(context, "change_profile", effect, fields(exec, target), execBit);
  if (rule.exec && effect.mode === "allow") context.clauses.at(-1)!.exec = rule.environment === "unsafe" ? "unsafe" : "safe";
  addProcAccess(context, effect.source, "/proc/*/attr/{apparmor/,}{current,exec}");
}

/** What the compiler lets a task do to its own /proc files where it may change profile or hat. */
export function addProcAccess(context: Context, source: ResolvedRule | undefined, attributes: string): void {
  const effect: Effect = { ...(source ? { source } : {}), mode: "allow", priority: 0, audit: false };
  const grant = (path: string, letter: string): void => addEntry(context, effect, { path, subset: false, permissions: fileBits[letter]! });
  grant("/proc/*/attr/apparmor/", "r");
  grant("/sys/module/apparmor/parameters/enabled", "r");
  grant(attributes, "w");
}
