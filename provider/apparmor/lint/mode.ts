import { originOf } from "../resolve/origin.js";
import type { Document } from "../syntax/document.js";
import type { ResolvedRule } from "../resolve/types.js";
import type { Rule, Word } from "../ast.js";
import { replacement } from "./edits.js";
import { isOwn, ofProfile, ofRule, type Check, type Context } from "./context.js";
import type { Edit, Fix } from "./types.js";

/** `flags=(unconfined)`, `flags=(default_allow)`: the profile confines nothing, and all of a sudden everything once it is set to enforce. */
export const unconfinedProfile: Check = (context) => {
  const flag = flagOf(context, "unconfined") ?? flagOf(context, "default_allow");
  if (!flag) return [];
  return [
    ofProfile(context, {
      code: "unconfined-profile",
      severity: context.container ? "warning" : "info",
      message: `flags=(${flag.value}): nothing is confined, whatever the rules say${context.profile.rules.length === 0 ? "" : "; set to enforce, the profile denies all but them"}`,
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

/** Deny rules in complain mode: those that are silent hold, without a word; the others do nothing. */
export const denyInComplain: Check = (context) => {
  if (!flagOf(context, "complain")) return [];
  const loud = flagOf(context, "audit") !== undefined;
  const denied = context.profile.rules.filter((each) => isOwn(context, each) && each.rule.qualifiers.mode === "deny");
  const kinds = new Map<keyof typeof denials, ResolvedRule[]>();
  for (const each of denied) {
    const kind = kindOf(each.rule, loud);
    kinds.set(kind, [...(kinds.get(kind) ?? []), each]);
  }
  return [...kinds].map(([kind, [first, ...others]]) => {
    const { message, hint } = denials[kind];
    const more = others.length === 0 ? "" : ` (the same holds for ${list(others.map(originOf))})`;
    return ofRule(context, first!, { code: "deny-in-complain", severity: "warning", message: message + more, hint });
  });
};

const denials = {
  silent: {
    message: "deny rules are enforced in complain mode too, without a word in the log",
    hint: "leave them out while the profile is being tried",
  },
  logged: {
    message: "audit deny stops nothing in complain mode: what it names happens, and is logged",
    hint: "remove complain to have it enforced",
  },
  unsilenced: {
    message: "a deny of change_profile is always logged, and so it stops nothing in complain mode",
    hint: "remove complain to have it enforced",
  },
  flagged: {
    message: "the flag audit makes deny rules log, and so they stop nothing in complain mode",
    hint: "remove complain to have them enforced",
  },
  exec: {
    message: "deny x stops no program in complain mode: it runs in a profile made for learning, and is not logged",
    hint: "leave it out while the profile is being tried, or remove complain to have it enforced",
  },
};

/** @param loud the profile logs what its deny rules would silence */
function kindOf(rule: Rule, loud: boolean): keyof typeof denials {
  // the compiler never silences a denial of change_profile
  if (rule.qualifiers.audit) return "logged";
  if (rule.kind === "change_profile") return "unsilenced";
  if (loud) return "flagged";
  return rule.kind === "file" && rule.exec !== undefined && rule.permissions === "" ? "exec" : "silent";
}

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
