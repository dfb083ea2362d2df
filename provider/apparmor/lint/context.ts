import type { Span } from "../ast.js";
import { decide, GlobError, LimitError, policyOf, type Access, type Decision, type Policy } from "../policy/index.js";
import { ResolveError } from "../resolve/error.js";
import { originOf } from "../resolve/origin.js";
import type { Resolved, ResolvedProfile, ResolvedRule } from "../resolve/types.js";
import type { Document } from "../syntax/document.js";
import { diagnosticAt } from "../syntax/source.js";
import type { FindingCode } from "./codes.js";
import { isContainerProfile } from "./container.js";
import { replacement } from "./edits.js";
import type { Edit, Finding, Fix, LintOptions, Severity } from "./types.js";

/** A profile as the checks see it. */
export interface Context {
  profile: ResolvedProfile;
  resolved: Resolved;
  options: LintOptions;
  /** for a container of LXC */
  container: boolean;
  /** includes are missing: what is not there can't be told */
  incomplete: boolean;
  /** with complain mode left out: what the rules say */
  policy: Policy;
  decide(access: Access): Decision;
}

export type Check = (context: Context) => Finding[];

export function contextOf(resolved: Resolved, profile: ResolvedProfile, options: LintOptions): Context {
  const written = policyOf(usable(profile), { aliases: resolved.aliases });
  const policy: Policy = { ...written, mode: { ...written.mode, mode: "enforce" } };
  return {
    profile,
    resolved,
    options,
    container: options.container ?? isContainerProfile(profile),
    incomplete: resolved.diagnostics.some(({ code }) => code === "include-not-found"),
    policy,
    decide: remembered((access) => decide(policy, access)),
  };
}

/** Several checks ask the same, some of them for each rule. */
function remembered(ask: Context["decide"]): Context["decide"] {
  const known = new Map<string, Decision>();
  return (access) => {
    const key = JSON.stringify(access);
    const decision = known.get(key) ?? ask(access);
    known.set(key, decision);
    return decision;
  };
}

/** The profile without the rules that are no rules to the compiler: a glob without end, an undefined variable. */
function usable(profile: ResolvedProfile): ResolvedProfile {
  const holds = (rules: readonly ResolvedRule[]): boolean => {
    try {
      policyOf({ ...profile, rules: [...rules] });
      return true;
    } catch (error) {
      if (error instanceof GlobError || error instanceof ResolveError || error instanceof LimitError) return false;
      throw error;
    }
  };
  return holds(profile.rules) ? profile : { ...profile, rules: profile.rules.filter((rule) => holds([rule])) };
}

interface What {
  code: FindingCode;
  severity: Severity;
  message: string;
  hint?: string;
  fix?: Fix;
}

/** A finding about the profile as a whole, at its name. */
export function ofProfile({ profile }: Context, what: What): Finding {
  return finding(profile, profile.document, profile.profile.name.span, what);
}

/** A finding about a rule; one of an include is told at the include statement of the profile's own file. */
export function ofRule({ profile }: Context, each: ResolvedRule, what: What): Finding {
  const own = each.via.findIndex(({ document }) => document === profile.document);
  const via = own < 0 ? undefined : each.via[own];
  if (each.document === profile.document || !via) return finding(profile, each.document, each.rule.span, what);
  const from = { ...what, message: `${what.message} (by ${originOf(each)})` };
  return finding(profile, via.document, includeSpan(via.document, via.start), from);
}

/** An edit that puts a rule behind another, or behind the include that brings that one. */
export function insertionAfter({ profile }: Context, each: ResolvedRule, rule: string): Edit {
  const { text } = profile.document;
  const via = each.via.find(({ document }) => document === profile.document);
  const { start, end } = via ? includeSpan(profile.document, via.start) : (each.rule.span ?? { start: 0, end: 0 });
  const [, indent] = /(?:^|\n)([ \t]*)$/.exec(text.slice(Math.max(0, text.lastIndexOf("\n", start - 1)), start)) ?? [];
  return replacement(profile.document, { start: end, end }, indent === undefined ? ` ${rule}` : `\n${indent}${rule}`);
}

/** Whether a rule stands in the profile's own file, where its author can change it. */
export function isOwn({ profile }: Context, { document }: ResolvedRule): boolean {
  return document === profile.document;
}

function includeSpan({ text }: Document, start: number): Span {
  const statement = /^#?include\s+(?:if\s+exists\s+)?(?:<[^>\n]*>|"[^"\n]*"|\S+)/.exec(text.slice(start, start + 1000));
  return { start, end: start + (statement?.[0].length ?? 0) };
}

function finding(
  { fullName }: ResolvedProfile,
  document: Document,
  span: Span | undefined,
  { code, severity, message, hint, fix }: What,
): Finding {
  const base = diagnosticAt(document, span ?? { start: 0, end: 0 }, { code, message, ...(hint !== undefined && { hint }) });
  return { ...base, code, severity, profile: fullName, ...(fix && { fix }), docs: `docs/findings/${code}.md` };
}
