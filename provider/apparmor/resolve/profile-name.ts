import type { Profile } from "../ast.js";
import { attempt, report, type Context, type Place } from "./context.js";
import { parseLabel } from "./labels.js";
import type { ResolvedProfile } from "./types.js";
import { expandToGlob, variablesOf } from "./variables.js";

/** A profile without its contents. */
export function newProfile(context: Context, place: Place, profile: Profile, parent: ResolvedProfile | undefined): ResolvedProfile {
  const { span, value } = profile.name;
  const label = attempt(context, place, span, () => parseLabel(value));
  const written = label?.name ?? value;
  const name = attempt(context, place, span, () => expandToGlob(written, variablesOf(context.symbols, undefined))) ?? written;
  if (context.symbols.sets.has("profile_name") || context.symbols.booleans.has("profile_name"))
    report(context, place, span, {
      code: "redeclared-variable",
      message: "@{profile_name} is declared, which every profile has already",
      hint: "use another name",
    });
  const fullName = parent ? `${parent.fullName}//${name}` : name;
  return {
    name,
    ...(label?.namespace !== undefined && { namespace: label.namespace }),
    fullName,
    ...(profile.attachment && { attachment: profile.attachment }),
    profile,
    document: place.document,
    hat: profile.keyword === "hat" || profile.keyword === "^",
    rules: [],
    children: [],
    variables: variablesOf(context.symbols, fullName),
  };
}

/** What tells two profiles of a file, or two children of a profile, apart: namespace and name as written. */
export function identity({ profile, namespace }: ResolvedProfile): string {
  const name = namespace === undefined ? profile.name.value : profile.name.value.replace(/^&?:[^:]*:(\/\/)?/, "");
  return `${namespace ?? ""}\0${name}`;
}
