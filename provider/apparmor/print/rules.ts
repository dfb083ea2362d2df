import type { Condition, FileRule, MountRule, Qualifiers, RlimitRule, Rule, Word } from "../ast.js";
import { listText, parenthesized, wordText, type Place } from "./words.js";

/** A rule's text, with its comma. */
export function ruleText(rule: Rule): string {
  return `${qualifiersText(rule.qualifiers)}${parts(rule).filter(Boolean).join(" ")},`;
}

/** `priority=1 audit deny owner `, in the one order that the grammar has (apparmor.d(5), QUALIFIERS). */
export function qualifiersText(qualifiers: Qualifiers): string {
  const { priority, audit, quiet, mode, owner } = qualifiers;
  const words = [priority === undefined ? "" : `priority=${priority}`, audit ? "audit" : "", quiet ? "quiet" : "", mode ?? "", owner ?? ""];
  return words.filter(Boolean).map((word) => `${word} `).join("");
}

function parts(rule: Rule): (string | undefined)[] {
  switch (rule.kind) {
    case "file":
      return fileParts(rule);
    case "link":
      return ["link", rule.subset ? "subset" : "", wordText(rule.path, "path"), "->", wordText(rule.target)];
    case "capability":
      return ["capability", ...rule.names.map((name) => wordText(name))];
    case "network":
      return ["network", accessText(rule.access), optional(rule.family), optional(rule.type), ...conditions(rule), peerText(rule)];
    case "unix":
    case "dbus":
    case "io_uring":
      return [rule.kind, accessText(rule.access), ...conditions(rule), peerText(rule)];
    case "signal":
    case "ptrace":
    case "userns":
      return [rule.kind, accessText(rule.access), ...conditions(rule)];
    case "mqueue":
      return [rule.kind, accessText(rule.access), ...conditions(rule), optional(rule.name, "operand")];
    case "mount":
    case "remount":
    case "umount":
      return mountParts(rule);
    case "pivot_root":
      return ["pivot_root", ...conditions(rule), optional(rule.path, "label"), ...arrow(rule.target)];
    case "change_profile":
      return ["change_profile", rule.environment, optional(rule.exec, "path"), ...arrow(rule.target)];
    case "rlimit":
      return ["set rlimit", wordText(rule.resource), "<=", limitText(rule)];
    case "all":
      return ["all"];
  }
}

function fileParts(rule: FileRule): (string | undefined)[] {
  if (!rule.path) return ["file"];
  const path = wordText(rule.path, "path");
  const permissions = rule.permissions + (rule.exec ?? "");
  // only the form with the permissions in front can say `subset`
  const body = rule.leading || rule.subset ? [permissions, rule.subset ? "subset" : "", path] : [path, permissions];
  return [rule.keyword ? "file" : "", rule.environment, ...body, ...arrow(rule.target)];
}

function mountParts(rule: MountRule): (string | undefined)[] {
  const target = optional(rule.target, "operand");
  const paths = rule.kind === "mount" ? [optional(rule.source, "operand"), ...(target ? ["->", target] : [])] : [target];
  return [rule.kind, ...conditions(rule), ...paths];
}

/** `10MB`: a unit follows its number at once. */
function limitText({ value, unit }: RlimitRule): string {
  const blank = unit && !/\d$/.test(value.value) ? " " : "";
  return wordText(value) + blank + (optional(unit) ?? "");
}

function accessText(access: readonly Word[]): string {
  return access.length > 0 ? listText(access) : "";
}

function optional(word: Word | undefined, place?: Place): string | undefined {
  return word && wordText(word, place);
}

function arrow(target: Word | undefined): string[] {
  return target ? ["->", wordText(target)] : [];
}

function conditions(rule: { conditions: readonly Condition[] }): string[] {
  return rule.conditions.map((condition) => conditionText(condition));
}

function peerText(rule: { peer?: readonly Condition[] }): string | undefined {
  return rule.peer && conditionGroup("peer", rule.peer);
}

/** `peer=(label=x, addr=y)`, `xattrs=(…)` */
export function conditionGroup(name: string, group: readonly Condition[]): string {
  return `${name}=(${group.map(groupedText).join(", ")})`;
}

function conditionText({ name, operator, values }: Condition): string {
  if (operator === "in") return `${name} in ${parenthesized(values)}`;
  return values.length === 0 ? name : `${name}=${listText(values)}`;
}

/** Within a group the lexer takes no commas between the values of one condition. */
function groupedText({ name, values }: Condition): string {
  const texts = values.map((value) => wordText(value, "item"));
  return texts.length === 0 ? name : `${name}=${texts.length === 1 ? texts[0] : `(${texts.join(" ")})`}`;
}
