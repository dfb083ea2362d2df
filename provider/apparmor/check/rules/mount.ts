import type { Condition, MountRule, PivotRootRule } from "../../ast.js";
import { supports, type Language } from "../../language.js";
import { mountConditions, mountFlags, mountOption, mountOptions, type MountFlag } from "../../names/index.js";
import { checkGlobs } from "./globs.js";
import { nearest, refuseNewer, type Report } from "./report.js";

const bits = (flags: readonly MountFlag[]): number => flags.reduce((sum, flag) => sum | mountFlags[flag], 0);

const propagation = bits(["unbindable", "private", "slave", "shared"]);
/** What makes a mount another operation than mounting a file system. */
const commands = propagation | bits(["move", "remount", "bind", "rec"]);
const everything = bits(Object.keys(mountFlags).filter((flag) => flag !== "nouser") as MountFlag[]);

/** Options that AppArmor 3.0 does not know. */
const since41 = new Set(["symfollow", "nosymfollow", "nostrictatime", "lazytime", "nolazytime"]);

export function checkMountRule(report: Report, rule: MountRule, language: Language): void {
  const demanded: number[] = [];
  const optional: number[] = [];
  for (const condition of rule.conditions) {
    const { name, operator, span } = condition;
    const kind = Object.hasOwn(mountConditions, name) ? mountConditions[name as keyof typeof mountConditions] : undefined;
    if (kind === "fstype") checkGlobs(report, condition.values);
    else if (kind === "options") (operator === "in" ? optional : demanded).push(options(report, rule, condition, language));
    else report(span, { code: "unknown-condition", message: `\`${name}\` is no condition of a ${rule.kind} rule`, hint: "it takes fstype and options" });
  }
  checkGlobs(report, [rule.source, rule.target]);
  if (rule.kind === "mount" && !encodes(rule, [...new Set(demanded)], [...new Set(optional)], language)) {
    report(rule.span, {
      code: "mount-without-meaning",
      message: "no mount can match these conditions together",
      hint: "bind, move and changes of propagation have no fstype; a change of propagation has one path, and remount no source",
    });
  }
}

/** The bits that one `options` condition asks for; what contradicts itself is reported. */
function options(report: Report, rule: MountRule, condition: Condition, language: Language): number {
  let set = rule.kind === "remount" ? mountFlags.remount : 0;
  let clear = 0;
  for (const { value, span } of condition.values) {
    const meaning = mountOption(value);
    if (since41.has(value) && !supports(language, "4.1")) refuseNewer(report, span, `the option \`${value}\``, language);
    if (!meaning) {
      const near = nearest(value, Object.keys(mountOptions));
      report(span, { code: "unknown-mount-option", message: `\`${value}\` is no mount option that AppArmor knows`, hint: near ? `did you mean \`${near}\`?` : "options of one file system alone can't be named" });
      continue;
    }
    set |= bits(meaning.set);
    clear |= bits(meaning.clear);
  }
  if (condition.operator === "in") return set | clear;
  // AppArmor 3.0 takes them, and means the demanded ones
  if (set & clear && supports(language, "4.1")) {
    report(condition.span, { code: "conflicting-mount-options", message: "these options contradict one another", hint: "`options in (…)` takes any of them; `options=(…)` wants all" });
  }
  return set;
}

/** Whether the kernel has an operation that the rule can speak of; one that has none is refused. */
function encodes(rule: MountRule, demanded: number[], optional: number[], language: Language): boolean {
  const source = rule.source !== undefined;
  // since 4.1 the one path of a change of propagation may stand where the source does
  const both = source && (rule.target !== undefined || !supports(language, "4.1"));
  const typed = rule.conditions.some(({ name }) => name === "fstype" || name === "vfstype");
  if (!demanded.length) return true;
  return demanded.some((set) => {
    if (set === 0 || set === everything) return true;
    if (set & mountFlags.remount && !source && !typed) return true;
    if (set & (mountFlags.bind | mountFlags.move) && !typed) return true;
    if (set & propagation && !both && !typed) return true;
    return (optional.length ? optional : [0]).some((more) => ((set | more) & ~commands) !== 0);
  });
}

export function checkPivotRootRule(report: Report, rule: PivotRootRule): void {
  const last = rule.conditions.at(-1);
  for (const { name, span } of rule.conditions) {
    if (name === "oldroot") continue;
    // the compiler reads the last one only
    const severity = name === last?.name ? "error" : "warning";
    report(span, { code: "unknown-condition", severity, message: `\`${name}\` is no condition of a pivot_root rule`, hint: "it takes oldroot" });
  }
  checkGlobs(report, [last?.values[0], rule.path]);
}
