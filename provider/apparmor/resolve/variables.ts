import { ResolveError } from "./error.js";
import { piecesOf } from "./references.js";
import type { Symbols } from "./symbols.js";
import type { Variables } from "./types.js";
import { lookupOf, maxStrings, valuesOf, type Values } from "./values.js";

/** What `profileName` sees: everything declared, and `@{profile_name}` with globs escaped. */
export function variablesOf(symbols: Symbols, profileName: string | undefined): Variables {
  const declared = lookupOf(symbols);
  const own = profileName === undefined ? undefined : [escapeGlob(profileName)];
  const get = (name: string): readonly string[] | undefined => (own && name === "profile_name" ? own : declared.get(name));
  const values = valuesOf({ ...declared, get });
  return { expand: (value) => expand(value, values), get };
}

/**
 * One glob for all that `value` stands for: a variable of several values becomes an alternation, as the compiler makes it.
 *
 * @throws ResolveError as `Variables.expand` does
 */
export function expandToGlob(value: string, variables: Variables): string {
  const all = variables.expand(value);
  return all.length === 1 ? all[0]! : `{${all.join(",")}}`;
}

/**
 * The slashes that a value of several brings along at its ends go when there is one beside the variable already: the
 * compiler drops them in alternations, and keeps those of a single value.
 */
function expand(value: string, values: Values): string[] {
  const { variables, rest } = piecesOf(value);
  let done = [""];
  variables.forEach(({ before, name }, at) => {
    const all = values(name);
    if (done.length * all.length > maxStrings) throw tooMany(value);
    if (all.length === 1) {
      done = done.map((start) => start + before + all[0]!);
      return;
    }
    const after = variables[at + 1]?.before || (variables[at + 1] ? "@" : rest);
    done = done.flatMap((start) => {
      const left = start + before;
      return all.map((text) => left + trim(text, left.endsWith("/"), after.startsWith("/")));
    });
  });
  return done.map((text) => text + rest);
}

function trim(text: string, start: boolean, end: boolean): string {
  const left = start ? text.replace(/^\/+/, "") : text;
  return end ? left.replace(/(?<!\/)\/+$/, "") : left;
}

function tooMany(value: string): ResolveError {
  const shown = value.length > 100 ? `${value.slice(0, 100)}…` : value;
  return new ResolveError("variable-size", `${shown} stands for more than ${maxStrings.toLocaleString("en")} strings`, "use globs instead");
}

/** A profile's name as text within a glob; what is escaped already stays so. */
function escapeGlob(name: string): string {
  return name.replace(/\\[^]|[{}[\]*?]/g, (part) => (part.startsWith("\\") ? part : `\\${part}`));
}
