import type { Statement } from "../ast.js";
import type { Document } from "../syntax/document.js";
import { readProfile } from "./body.js";
import { newContext, report, reportMisplaced, type Context, type Place } from "./context.js";
import { openInclude } from "./include.js";
import { readAbi, readDeclaration } from "./preamble.js";
import { identity } from "./profile-name.js";
import type { Resolved, ResolveOptions } from "./types.js";

/**
 * Reads the includes of a document, takes its preamble, conditionals and blocks apart and gives each profile its rules
 * and variables, as apparmor_parser does.
 *
 * Never throws: what is wrong is in `diagnostics`, and the rest is what could be made of it.
 */
export function resolve(document: Document, options: ResolveOptions = {}): Resolved {
  const context = newContext({ language: document.language, ...options });
  context.result.documents.push(document);
  context.result.diagnostics.push(...document.errors);
  walkFile(context, { document, via: [], included: new Set() }, document);
  return context.result;
}

function walkFile(context: Context, place: Place, document: Document): void {
  for (const statement of place.document.statements) {
    switch (statement.kind) {
      case "comment":
        break;
      case "include":
        for (const inner of openInclude(context, place, statement, false)) walkFile(context, inner, document);
        break;
      case "abi":
        if (context.started)
          report(context, place, statement.span, {
            code: "preamble-after-profile",
            message: "an abi is declared after a profile",
            hint: "declare it before the first profile",
          });
        readAbi(context, place, statement);
        break;
      case "alias":
      case "assignment":
      case "boolean":
        readDeclaration(context, place, statement);
        break;
      case "profile":
        context.started = true;
        addProfile(context, place, readProfile(context, place, statement));
        break;
      default:
        // The parser has told so of what stands in the document itself.
        if (place.via.length > 0) refuseRule(context, place, document, statement);
    }
  }
}

function refuseRule(context: Context, place: Place, document: Document, { kind, span }: Statement): void {
  reportMisplaced(context, place, document, span, {
    code: "rule-outside-profile",
    message: `${kind === "if" || kind === "block" ? "rules are" : `a ${kind} rule is`} included outside of every profile`,
    hint: "move this include into the braces of a profile",
  });
}

function addProfile(context: Context, place: Place, profile: Resolved["profiles"][number]): void {
  const key = identity(profile);
  if (context.names.has(key))
    report(context, place, profile.profile.name.span, {
      code: "duplicate-profile",
      message: `profile ${profile.fullName} is defined twice`,
      hint: "remove or rename one",
    });
  else context.result.profiles.push(profile);
  context.names.add(key);
}
