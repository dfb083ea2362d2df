import type { ResolvedProfile, ResolvedRule } from "../resolve/types.js";
import { addAllRule } from "./all-rules.js";
import { addCapabilityRule } from "./capability-rules.js";
import { addChangeProfile, addProcAccess } from "./change-profile.js";
import type { Clause, TableName } from "./clause.js";
import type { Context } from "./context.js";
import { addFileRule, addLinkRule } from "./file-rules.js";
import { addDbusRule, addIoUringRule, addMqueueRule, addPtraceRule, addSignalRule, addUsernsRule } from "./ipc-rules.js";
import { modeOf } from "./mode.js";
import { addMountRule, addPivotRoot } from "./mount-rules.js";
import { addNetworkRule, addUnixRule } from "./network-rules.js";
import { patternsOf } from "./patterns.js";
import { rlimitsOf } from "./rlimits.js";
import type { Policy } from "./types.js";

export interface PolicyOptions {
  /** of the file: `Resolved.aliases`; default none */
  aliases?: readonly { from: string; to: string }[];
}

/**
 * What a profile allows, by the rules of apparmor_parser 4.1. Children and hats have policies of their own.
 *
 * @throws GlobError for a glob that the compiler refuses, ResolveError for an undefined variable, LimitError for variables
 * that stand for more than a million characters
 */
export function policyOf(profile: ResolvedProfile, { aliases = [] }: PolicyOptions = {}): Policy {
  const context: Context = { patterns: patternsOf(profile.variables), profileName: profile.name, aliases, clauses: [] };
  for (const source of profile.rules) addRule(context, source);
  // a task that can change hat writes to its own attributes
  if (profile.hat || profile.children.length > 0) addProcAccess(context, undefined, "/proc/[0-9]*/attr/{apparmor/,}current");
  const tables = new Map<TableName, Clause[]>();
  for (const clause of context.clauses) {
    const table = tables.get(clause.table);
    if (table) table.push(clause);
    else tables.set(clause.table, [clause]);
  }
  const pivotTargets = profile.rules.flatMap(({ rule }) =>
    rule.kind === "pivot_root" && rule.target ? [context.patterns.expand(rule.target.value)] : [],
  );
  return { profile, mode: modeOf(profile), tables, rlimits: rlimitsOf(profile.rules), pivotTargets: [...new Set(pivotTargets)].sort() };
}

function addRule(context: Context, source: ResolvedRule): void {
  const { rule } = source;
  switch (rule.kind) {
    case "file":
      return addFileRule(context, source, rule);
    case "link":
      return addLinkRule(context, source, rule);
    case "capability":
      return addCapabilityRule(context, source, rule);
    case "network":
      return addNetworkRule(context, source, rule);
    case "unix":
      return addUnixRule(context, source, rule);
    case "mount":
    case "remount":
    case "umount":
      return addMountRule(context, source, rule);
    case "pivot_root":
      return addPivotRoot(context, source, rule);
    case "change_profile":
      return addChangeProfile(context, source, rule);
    case "signal":
      return addSignalRule(context, source, rule);
    case "ptrace":
      return addPtraceRule(context, source, rule);
    case "dbus":
      return addDbusRule(context, source, rule);
    case "userns":
      return addUsernsRule(context, source, rule);
    case "mqueue":
      return addMqueueRule(context, source, rule);
    case "io_uring":
      return addIoUringRule(context, source, rule);
    case "all":
      return addAllRule(context, source);
    case "rlimit":
      return;
  }
}
