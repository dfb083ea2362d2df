import type { Condition } from "../ast.js";
import type { ResolvedRule } from "../resolve/types.js";
import { bitsOf, bothHalves, fileBits, otherShift } from "./bits.js";
import { addCapabilityRule } from "./capability-rules.js";
import { effectOf, type Context, type Effect } from "./context.js";
import { addEntry } from "./file-rules.js";
import { addDbusRule, addIoUringRule, addMqueueRule, addPtraceRule, addSignalRule, addUsernsRule } from "./ipc-rules.js";
import { addMountRule, addPivotRoot } from "./mount-rules.js";
import { addSockets } from "./network-rules.js";
import { addUnix } from "./unix-rules.js";

const nothing: Condition[] = [];

/** `all,`: every class but change_profile and rlimits; exec is `ix`, two priorities below the rest. */
export function addAllRule(context: Context, source: ResolvedRule): void {
  const effect = effectOf(source);
  const denies = effect.mode === "deny";
  // what the compiler silences for `deny all,` it logs, and the other way round
  const inner: ResolvedRule = {
    ...source,
    rule: { ...source.rule, qualifiers: { ...source.rule.qualifiers, ...(denies ? { audit: effect.audit } : {}) } },
  };
  const { qualifiers } = inner.rule;
  const mark = context.clauses.length;
  addDbusRule(context, inner, { kind: "dbus", qualifiers, access: [], conditions: nothing });
  addIoUringRule(context, inner, { kind: "io_uring", qualifiers, access: [], conditions: nothing });
  addMqueueRule(context, inner, { kind: "mqueue", qualifiers, access: [], conditions: nothing });
  addPtraceRule(context, inner, { kind: "ptrace", qualifiers, access: [], conditions: nothing });
  addSignalRule(context, inner, { kind: "signal", qualifiers, access: [], conditions: nothing });
  addUsernsRule(context, inner, { kind: "userns", qualifiers, access: [], conditions: nothing });
  for (const kind of ["mount", "remount", "umount"] as const) addMountRule(context, inner, { kind, qualifiers, conditions: nothing });
  addPivotRoot(context, inner, { kind: "pivot_root", qualifiers, conditions: nothing });
  const innerEffect = effectOf(inner);
  for (let family = 0; family < 46; family++) addSockets(context, innerEffect, { family, any: true, types: [] }, bitsOf("network", []));
  addFiles(context, innerEffect, denies);
  // these alone come from the rule itself
  addUnix(context, effect, bitsOf("unix", []), { types: [undefined] });
  for (let index = mark; index < context.clauses.length; index++) context.clauses[index]!.source = source;
  addCapabilityRule(context, source, { kind: "capability", qualifiers: source.rule.qualifiers, names: [] });
}

function addFiles(context: Context, effect: Effect, denies: boolean): void {
  const halves = (bits: number): number => (denies ? bits : bothHalves(bits));
  const letters = [..."rwalkm"].reduce((bits, letter) => bits | fileBits[letter]!, 0);
  addEntry(context, effect, { path: "/{**,}", subset: false, permissions: halves(letters) });
  const x = fileBits["x"]! | (denies ? 0 : fileBits["m"]!);
  const exec = denies ? {} : { exec: "ix" };
  addEntry(
    context,
    { ...effect, priority: effect.priority - 2 },
    { path: "/{**,}", subset: false, permissions: x | (x << otherShift), ...exec },
  );
}
