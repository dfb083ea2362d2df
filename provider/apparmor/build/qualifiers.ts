import type { Block, Comment, FileRule, Include, LinkRule, Qualifiers, Rule } from "../ast.js";
import { frozen, path, refuse } from "./check.js";
import { permissionsOf, type DeniedPermissions } from "./permissions.js";

/** What qualifiers can stand before: rules, and includes and blocks for everything within. */
export type Qualifiable = Rule | Include | Block | Comment;

/** One or any number, in lists within lists. */
export type Many<T> = T | readonly Many<T>[];

/** `audit(rule)`: what it allows, or with `deny` denies, is written to the log. */
export function audit<T extends Qualifiable>(rule: T): T;
export function audit(...rules: Many<Qualifiable>[]): Qualifiable[];
export function audit(...rules: Many<Qualifiable>[]): Qualifiable | Qualifiable[] {
  return qualified("audit", { audit: true }, rules);
}

/**
 * `deny(rule)`, or `deny("/dev/mem", "rwx")`: denied whatever else allows it, and not logged unless `audit(…)` is around it.
 *
 * @example audit(deny("/sys/firmware/**", "rwklx"))
 */
export function deny<P extends string>(glob: string, permissions: DeniedPermissions<P>): FileRule;
export function deny<T extends Qualifiable>(rule: T): T;
export function deny(...rules: Many<Qualifiable>[]): Qualifiable[];
export function deny(...rules: (Many<Qualifiable> | string)[]): Qualifiable | Qualifiable[] {
  const [glob, permissions] = rules;
  if (typeof glob !== "string") return qualified("deny", { mode: "deny" }, rules as Many<Qualifiable>[]);
  const { permissions: plain, x } = permissionsOf(permissions as string, true, `deny(${glob})`);
  const qualifiers: Qualifiers = { mode: "deny" };
  return frozen({ kind: "file", qualifiers, path: path(glob, "deny(): the path"), permissions: plain, ...(x && { exec: "x" as const }) });
}

/** `allow(rule)`: what a rule does without it. */
export function allow<T extends Qualifiable>(rule: T): T;
export function allow(...rules: Many<Qualifiable>[]): Qualifiable[];
export function allow(...rules: Many<Qualifiable>[]): Qualifiable | Qualifiable[] {
  return qualified("allow", { mode: "allow" }, rules);
}

/** `prompt(rule)`: a program in userspace is asked; needs a kernel that can. */
export function prompt<T extends Qualifiable>(rule: T): T;
export function prompt(...rules: Many<Qualifiable>[]): Qualifiable[];
export function prompt(...rules: Many<Qualifiable>[]): Qualifiable | Qualifiable[] {
  return qualified("prompt", { mode: "prompt" }, rules);
}

/** `owner(file(…))`: only where the task's user owns the file. */
export function owner<T extends FileRule | LinkRule | Comment>(rule: T): T;
export function owner(...rules: Many<FileRule | LinkRule | Comment>[]): (FileRule | LinkRule | Comment)[];
export function owner(...rules: Many<FileRule | LinkRule | Comment>[]): Qualifiable | Qualifiable[] {
  return qualified("owner", { owner: "owner" }, rules);
}

/**
 * `priority(10, rule)`: at an access that several rules match, those of the highest priority decide alone, denials
 * included. Since AppArmor 4.1.
 *
 * @param value -1000 to 1000; rules without have 0
 */
export function priority<T extends Rule | Comment>(value: number, rule: T): T;
export function priority(value: number, ...rules: Many<Rule | Comment>[]): (Rule | Comment)[];
export function priority(value: number, ...rules: Many<Rule | Comment>[]): Qualifiable | Qualifiable[] {
  if (!Number.isInteger(value) || Math.abs(value) > 1000) refuse("priority()", `${value} is no whole number from -1000 to 1000`);
  return qualified(`priority(${value})`, { priority: value }, rules);
}

/** One rule stays one; several become a list. */
function qualified(where: string, added: Qualifiers, rules: Many<Qualifiable>[]): Qualifiable | Qualifiable[] {
  const all = (rules as unknown[]).flat(Infinity) as Qualifiable[];
  if (all.length === 0) refuse(`${where}()`, "no rule is given");
  const done = all.map((rule) => one(where, added, rule));
  return rules.length === 1 && !Array.isArray(rules[0]) ? done[0]! : done;
}

function one(where: string, added: Qualifiers, rule: Qualifiable): Qualifiable {
  if (typeof rule !== "object" || rule === null) refuse(`${where}()`, `takes rules, not ${JSON.stringify(rule)}`);
  if (rule.kind === "comment") return rule;
  if (rule.kind === "include") return blockOf(where, added, rule);
  if (!("qualifiers" in rule)) refuse(`${where}()`, `can't stand before ${(rule as { kind: string }).kind}`);
  if (added.owner && rule.kind !== "file" && rule.kind !== "link") refuse(`${where}()`, `is for files and links, not for ${rule.kind}`);
  if (added.priority !== undefined && rule.kind === "block") refuse(`${where}()`, "can't stand before a block: give it to each rule");
  if (rule.kind === "rlimit") refuse(`${where}()`, "can't stand before set rlimit");
  for (const key of Object.keys(added) as (keyof Qualifiers)[]) {
    if (rule.qualifiers[key] !== undefined && rule.qualifiers[key] !== added[key]) refuse(`${where}()`, `contradicts the rule's own ${rule.qualifiers[key]}`);
  }
  if (added.mode === "deny" && rule.kind === "file" && rule.exec !== undefined && rule.exec !== "x") {
    refuse(`${where}()`, `a denial of execution has no mode: write deny(${JSON.stringify(rule.path?.value)}, "x")`);
  }
  return frozen({ ...rule, qualifiers: { ...rule.qualifiers, ...added } });
}

/** The included rules are not known here: a block qualifies them when they are. */
function blockOf(where: string, added: Qualifiers, include: Include): Block {
  if (added.owner || added.priority !== undefined) refuse(`${where}()`, "can't stand before an include");
  return frozen({ kind: "block", qualifiers: added, body: [include] });
}
