import { ResolveError } from "./error.js";

/** What a preamble declares. Sets and booleans share their names, as they do in the compiler. */
export interface Symbols {
  sets: Map<string, string[]>;
  booleans: Map<string, boolean>;
}

export function emptySymbols(): Symbols {
  return { sets: new Map(), booleans: new Map() };
}

/** `@{name} = …` */
export function declare(symbols: Symbols, name: string, values: readonly string[]): void {
  refuseTwice(symbols, name, `@{${name}}`, "add to it with +=");
  symbols.sets.set(name, [...values]);
}

/** `@{name} += …` */
export function extend(symbols: Symbols, name: string, values: readonly string[]): void {
  const known = symbols.sets.get(name);
  if (known) for (const value of values) known.push(value);
  else if (symbols.booleans.has(name)) throw new ResolveError("variable-kind", `@{${name}} is a boolean ($${name})`, "use another name");
  else throw new ResolveError("undeclared-variable", `@{${name}} has no value yet that += could add to`, "declare it before with =");
}

/** `$name = true` */
export function declareBoolean(symbols: Symbols, name: string, value: boolean): void {
  refuseTwice(symbols, name, `$${name}`, "remove one declaration");
  symbols.booleans.set(name, value);
}

export function isDeclared(symbols: Symbols, name: string): boolean {
  return symbols.sets.has(name) || symbols.booleans.has(name);
}

function refuseTwice(symbols: Symbols, name: string, shown: string, hint: string): void {
  if (isDeclared(symbols, name)) throw new ResolveError("redeclared-variable", `${shown} is declared already`, hint);
}
