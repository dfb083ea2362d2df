import { originOf } from "../resolve/origin.js";
import type { Document } from "../syntax/document.js";
import type { Word } from "../ast.js";
import { replacement } from "./edits.js";
import { isOwn, ofProfile, ofRule, type Check, type Context } from "./context.js";
import type { Edit, Fix } from "./types.js";

/** `flags=(unconfined)`: the profile confines nothing, and all of a sudden everything once it is set to enforce. */
export const unconfinedProfile: Check = (context) => {
  const flag = flagOf(context, "unconfined");
  if (!flag) return [];
  return [
    ofProfile(context, {
      code: "unconfined-profile",
      severity: context.container ? "warning" : "info",
      message: `flags=(unconfined): nothing is confined, whatever the rules say${context.profile.rules.length === 0 ? "" : "; set to enforce, the profile denies all but them"}`,
      hint: "remove the flag once the rules are complete",
      ...removalFix(context, flag),
    }),
  ];
};

/** `flags=(complain)`: what is not allowed is logged and done. */
export const complainMode: Check = (context) => {
  const flag = flagOf(context, "complain");
  if (!flag) return [];
  return [
    ofProfile(context, {
      code: "complain-mode",
      severity: "warning",
      message: "flags=(complain): what no rule allows is logged, and happens",
      hint: "remove the flag when the log is quiet",
      ...removalFix(context, flag),
    }),
  ];
};

/** Deny rules hold in complain mode too, and say nothing. */
export const denyInComplain: Check = (context) => {
  if (!flagOf(context, "complain")) return [];
  const denied = context.profile.rules.filter((each) => isOwn(context, each) && each.rule.qualifiers.mode === "deny");
  if (denied.length === 0) return [];
  const [first] = denied;
  const others = denied.slice(1).map(originOf);
  return [
    ofRule(context, first!, {
      code: "deny-in-complain",
      severity: "warning",
      message: `deny rules are enforced in complain mode too${first!.rule.qualifiers.audit ? "" : ", without a word in the log"}${others.length === 0 ? "" : ` (so ${others.length === 1 ? "does" : "do"} ${list(others)})`}`,
      hint: "leave them out while the profile is being tried, or write audit deny to see what they stop",
    }),
  ];
};

function flagOf({ profile }: Context, name: string): Word | undefined {
  return profile.profile.flags.find(({ value }) => value === name);
}

function list(lines: readonly string[]): string {
  return lines.length > 5 ? `${lines.slice(0, 5).join(", ")} and ${lines.length - 5} more` : lines.join(", ");
}

/** Takes a flag away, and `flags=(…)` with the last one. */
function removalFix({ profile }: Context, flag: Word): { fix?: Fix } {
  const edit = flag.span && withoutFlag(profile.document, profile.profile.flags.length, flag.span);
  return edit ? { fix: { title: `remove the flag ${flag.value}`, edits: [edit], safe: false } } : {};
}

function withoutFlag(document: Document, count: number, { start, end }: { start: number; end: number }): Edit | undefined {
  const { text } = document;
  // what stands before, as far as anybody writes blanks
  const from = Math.max(0, start - 200);
  if (count === 1) {
    const open = /\s*(?:flags\s*=\s*)?\(\s*$/.exec(text.slice(from, start));
    const close = /^\s*,?\s*\)/.exec(text.slice(end, end + 200));
    return open && close ? replacement(document, { start: from + open.index, end: end + close[0].length }, "") : undefined;
  }
  const after = /^\s*,?\s*/.exec(text.slice(end, end + 200))![0].length;
  if (text[end + after] !== ")") return replacement(document, { start, end: end + after }, "");
  const before = /[\s,]*$/.exec(text.slice(from, start))![0].length;
  return replacement(document, { start: start - before, end }, "");
}
