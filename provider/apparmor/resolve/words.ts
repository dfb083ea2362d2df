import type { Condition, Rule, Word } from "../ast.js";

/** The words of a rule whose variables the compiler replaces; in every other one `@{X}` stays text. */
export function expandedWords(rule: Rule): Word[] {
  switch (rule.kind) {
    case "file":
      // `l /a -> /b` names a link's target; every other `->` names a profile, which may not have variables
      return words(rule.path, rule.leading && rule.permissions.includes("l") ? rule.target : undefined);
    case "link":
      return [rule.path, rule.target];
    case "change_profile":
      return words(rule.exec, rule.target);
    case "mount":
    case "remount":
    case "umount":
      return [...words(rule.source, rule.target), ...valuesOf(rule.conditions)];
    case "pivot_root":
      // its `-> profile` is taken as it stands
      return [...words(rule.path), ...valuesOf(rule.conditions)];
    case "signal":
    case "ptrace":
      return valuesOf(rule.conditions, ["peer"]);
    case "mqueue":
      return [...words(rule.name), ...valuesOf(rule.conditions, ["label"])];
    case "unix":
      return [...valuesOf(rule.conditions, ["label", "addr"]), ...valuesOf(rule.peer, ["label", "addr"])];
    case "dbus":
      return [...valuesOf(rule.conditions, ["bus", "name", "path", "interface", "member"]), ...valuesOf(rule.peer, ["name", "label"])];
    default:
      return [];
  }
}

function words(...all: (Word | undefined)[]): Word[] {
  return all.filter((word) => word !== undefined);
}

function valuesOf(conditions: readonly Condition[] | undefined, names?: readonly string[]): Word[] {
  return (conditions ?? []).filter(({ name }) => !names || names.includes(name)).flatMap(({ values }) => values);
}
