import type { Abi, Alias, Assignment, BooleanAssignment } from "../ast.js";
import type { Document } from "../syntax/document.js";
import { attempt, report, reportMisplaced, type Context, type Place } from "./context.js";
import { ResolveError } from "./error.js";
import { declare, declareBoolean, extend, isDeclared } from "./symbols.js";

export type Declaration = Alias | Assignment | BooleanAssignment;

const shown = { alias: "an alias", assignment: "a variable", boolean: "a boolean" };

/** A declaration of the preamble, which ends with the first profile. */
export function readDeclaration(context: Context, place: Place, statement: Declaration): void {
  if (context.started) {
    report(context, place, statement.span, {
      code: "preamble-after-profile",
      message: `${shown[statement.kind]} is declared after a profile`,
      hint: "declare it, or include the file that does, before the first profile",
    });
    return;
  }
  attempt(context, place, statement.span, () => take(context, statement));
}

function take(context: Context, statement: Declaration): void {
  if (statement.kind === "alias") addAlias(context, statement);
  else if (statement.kind === "boolean") declareBoolean(context.symbols, statement.name, statement.value);
  else if (statement.operator === "?=" && isDeclared(context.symbols, statement.name)) return;
  else
    (statement.operator === "+=" ? extend : declare)(
      context.symbols,
      statement.name,
      statement.values.map(({ value }) => value),
    );
}

/** A declaration within a profile of `owner`; it counts, so that one error does not look like many. */
export function refuseDeclaration(context: Context, place: Place, owner: Document, statement: Declaration): void {
  reportMisplaced(context, place, owner, statement.span, {
    code: "preamble-in-profile",
    message: `${shown[statement.kind]} is declared within a profile`,
    hint: "move this above the profile; include tunables there too",
  });
  try {
    take(context, statement);
  } catch (error) {
    if (!(error instanceof ResolveError)) throw error;
  }
}

/** The compiler drops a second alias of the same kind. */
function addAlias({ result: { aliases } }: Context, { from, to }: Alias): void {
  if (!aliases.some((alias) => alias.from === from.value && alias.to === to.value)) aliases.push({ from: from.value, to: to.value });
}

/** The file must be there; `<kernel>` means what the running kernel has. */
export function readAbi(context: Context, place: Place, { path, magic, span }: Abi): void {
  if (magic && path.value === "kernel") return;
  const from = place.document.file;
  if (context.include(path.value, { magic, ...(from !== undefined && { from }) }) !== undefined) return;
  report(context, place, span, {
    code: "abi-not-found",
    message: `there is no abi file ${magic ? `<${path.value}>` : `"${path.value}"`}`,
    hint: "Debian has <abi/3.0> and, since 13, <abi/4.0>",
  });
}
