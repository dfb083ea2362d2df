import { ResolveError } from "./error.js";
import { piecesOf } from "./references.js";
import type { Symbols } from "./symbols.js";

/** More strings than any policy has; a chain of variables can ask for billions. */
export const maxStrings = 100_000;
/** No name is longer in the kernel (PATH_MAX), and the product of variables may not grow beyond it. */
const maxLength = 65_536;

/** Every value of variables, all variables in them replaced; each is worked out once. */
export type Values = (name: string) => readonly string[];

/** What is declared, whenever that is asked. */
export interface Lookup {
  get(name: string): readonly string[] | undefined;
  isBoolean(name: string): boolean;
}

export function lookupOf({ sets, booleans }: Symbols): Lookup {
  return { get: (name) => sets.get(name), isBoolean: (name) => booleans.has(name) };
}

/**
 * @throws ResolveError (from what it returns) for a variable that is not declared, is a boolean or contains itself
 */
export function valuesOf(symbols: Lookup): Values {
  const known = new Map<string, readonly string[]>();
  const open = new Set<string>();

  const values: Values = (name) => {
    const done = known.get(name);
    if (done) return done;
    const declared = symbols.get(name);
    if (!declared) throw undeclared(symbols, name);
    if (open.size > 1000) throw new ResolveError("variable-depth", `@{${name}} stands behind more than 1,000 variables`);
    open.add(name);
    try {
      const result = limited(
        name,
        declared.flatMap((value) => full(name, value)),
      );
      known.set(name, result);
      return result;
    } finally {
      open.delete(name);
    }
  };

  const full = (within: string, value: string): string[] => {
    let done = [""];
    const { variables, rest } = piecesOf(value);
    for (const { before, name } of variables) {
      if (open.has(name))
        throw new ResolveError("recursive-variable", `@{${name}} contains itself (in @{${within}})`, "take it out of its own values");
      done = limited(
        within,
        product(
          within,
          done,
          values(name).map((text) => before + text),
        ),
      );
    }
    return done.map((text) => text + rest);
  };

  return values;
}

function product(name: string, left: readonly string[], right: readonly string[]): string[] {
  if (left.length * right.length > maxStrings) throw tooMany(name);
  return left.flatMap((start) => right.map((end) => start + end));
}

function limited(name: string, values: string[]): string[] {
  if (values.length > maxStrings) throw tooMany(name);
  if (values.some((value) => value.length > maxLength))
    throw new ResolveError("variable-length", `a value of @{${name}} has more than ${maxLength} characters`);
  return values;
}

function tooMany(name: string): ResolveError {
  return new ResolveError(
    "variable-size",
    `@{${name}} stands for more than ${maxStrings.toLocaleString("en")} strings`,
    "use globs for some of them",
  );
}

function undeclared(symbols: Lookup, name: string): ResolveError {
  if (symbols.isBoolean(name)) return new ResolveError("variable-kind", `@{${name}} is a boolean ($${name}), which has no strings`);
  return new ResolveError(
    "undefined-variable",
    `@{${name}} is not defined`,
    "include <tunables/global> before the profile, or declare it there",
  );
}
