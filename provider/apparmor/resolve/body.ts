import type { Block, Conditional, Profile, Statement } from "../ast.js";
import { evaluate } from "./conditions.js";
import { attempt, report, reportMisplaced, type Context, type Place } from "./context.js";
import { openInclude } from "./include.js";
import { readAbi, refuseDeclaration } from "./preamble.js";
import { identity, newProfile } from "./profile-name.js";
import { merge, passesBlock, refuseExec } from "./qualifiers.js";
import type { ResolvedProfile, ResolvedRule } from "./types.js";

/** What stands in a profile, a block or a branch of an `if`. */
export interface Body {
  rules: ResolvedRule[];
  children: ResolvedProfile[];
  /** of the children, as written */
  names: Set<string>;
  /** the profile that all of it is in */
  owner: ResolvedProfile;
  depth: number;
}

/** Profiles, blocks and conditions within each other; the compiler's own stack ends at about as many. */
const maxDepth = 200;

/** A profile or hat with everything in it. */
export function readProfile(context: Context, place: Place, profile: Profile, parent?: Body): ResolvedProfile {
  const owner = newProfile(context, place, profile, parent?.owner);
  const { rules, children } = owner;
  const inner = { ...place, included: new Set<string>() };
  walkBody(context, inner, profile.body, { rules, children, names: new Set(), owner, depth: (parent?.depth ?? 0) + 1 });
  return owner;
}

function walkBody(context: Context, place: Place, statements: readonly Statement[], body: Body): void {
  for (const statement of statements) readStatement(context, place, statement, body);
}

function readStatement(context: Context, place: Place, statement: Statement, body: Body): void {
  switch (statement.kind) {
    case "comment":
      return;
    case "include":
      for (const inner of openInclude(context, place, statement, true)) walkBody(context, inner, inner.document.statements, body);
      return;
    case "abi":
      return readAbi(context, place, statement);
    case "alias":
    case "assignment":
    case "boolean":
      return refuseDeclaration(context, place, body.owner.document, statement);
    case "profile":
    case "if":
    case "block":
      return readNested(context, place, statement, body);
    default:
      body.rules.push({ rule: statement, document: place.document, via: place.via });
  }
}

function readNested(context: Context, place: Place, statement: Profile | Conditional | Block, body: Body): void {
  if (body.depth > maxDepth) {
    report(context, place, statement.span, { code: "nesting-depth", message: `profiles and blocks nested more than ${maxDepth} deep` });
    return;
  }
  if (statement.kind === "block") return readBlock(context, place, statement, body);
  if (statement.kind === "if") return readConditional(context, place, statement, body);
  if (statement.keyword === "")
    reportMisplaced(context, place, body.owner.document, statement.span, {
      code: "profile-in-profile",
      message: `${statement.name.value} stands within profile ${body.owner.name}, but is neither a child profile nor a hat`,
      hint: "include it outside of profiles, or write `profile` before its name",
    });
  addChild(context, place, readProfile(context, place, statement, body), body);
}

function addChild(context: Context, place: Place, child: ResolvedProfile, body: Body): void {
  const key = identity(child);
  if (body.names.has(key))
    report(context, place, child.profile.name.span, {
      code: "duplicate-profile",
      message: `${child.hat ? "hat" : "profile"} ${child.name} is in ${body.owner.fullName} twice`,
      hint: "remove or rename one",
    });
  else body.children.push(child);
  body.names.add(key);
}

function emptyBody({ owner, depth }: Body): Body {
  return { rules: [], children: [], names: new Set(), owner, depth: depth + 1 };
}

/** File, link and change_profile rules go on with the block's qualifiers; whatever else stands there is lost. */
function readBlock(context: Context, place: Place, { qualifiers, body: statements }: Block, body: Body): void {
  const inner = emptyBody(body);
  walkBody(context, place, statements, inner);
  for (const each of inner.rules) {
    const where = { ...place, document: each.document, via: each.via };
    if (!passesBlock(each.rule)) {
      warnLost(context, where, each.rule.span, `this ${each.rule.kind} rule`, "a block");
      continue;
    }
    const merged = merge(each.rule.qualifiers, [qualifiers]);
    if (!merged) {
      (context.result.vacuous ??= []).push(each);
      continue;
    }
    const rule = { ...each.rule, qualifiers: merged };
    // What stands in the block itself is checked with it.
    if (each.via.length > place.via.length) attempt(context, where, rule.span, () => refuseExec(rule));
    body.rules.push({ ...each, rule });
  }
  for (const child of inner.children)
    warnLost(context, { ...place, document: child.document }, child.profile.name.span, `profile ${child.name}`, "a block");
}

/** Both branches are read, as the compiler reads them; one counts. */
function readConditional(context: Context, place: Place, { test, then, otherwise, span }: Conditional, body: Body): void {
  const holds = attempt(context, place, test.span ?? span, () => evaluate(test, context.symbols));
  const branches = [then, otherwise ?? []].map((statements) => {
    const branch = emptyBody(body);
    walkBody(context, place, statements, branch);
    return branch;
  });
  const chosen = branches[holds === false ? 1 : 0]!;
  for (const each of chosen.rules) {
    if (each.rule.kind === "rlimit")
      warnLost(context, { ...place, document: each.document, via: each.via }, each.rule.span, "this rlimit", "an if");
    else body.rules.push(each);
  }
  for (const child of chosen.children) addChild(context, { ...place, document: child.document }, child, body);
}

function warnLost(context: Context, place: Place, span: Statement["span"], what: string, within: string): void {
  report(context, place, span, {
    code: "dropped-rule",
    severity: "warning",
    message: `apparmor_parser drops ${what}, because it stands in ${within}`,
    hint: `take it out of ${within === "a block" ? "the block and give it the block's qualifiers" : "the if"}`,
  });
}
