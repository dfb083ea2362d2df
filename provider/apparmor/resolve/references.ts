import { ResolveError } from "./error.js";

/** A string taken apart at its variables. */
export interface Pieces {
  /** a variable and the text between it and the one before */
  variables: { before: string; name: string }[];
  /** what follows the last variable */
  rest: string;
}

const variable = /\\[^]|@\{([A-Za-z][A-Za-z0-9_]*)\}|@\{\}/g;

/**
 * The variables `@{NAME}` of a string; an escaped `\@{NAME}` and a name that can't be one (`@{_x}`) are plain text.
 *
 * @throws ResolveError for `@{}`, which the compiler refuses
 */
export function piecesOf(value: string): Pieces {
  const variables: Pieces["variables"] = [];
  let at = 0;
  for (const match of value.matchAll(variable)) {
    const [whole, name] = match;
    if (whole.startsWith("\\")) continue;
    if (name === undefined)
      throw new ResolveError("empty-variable-name", "a variable without a name: @{}", "write its name between the braces");
    variables.push({ before: value.slice(at, match.index), name });
    at = match.index + whole.length;
  }
  return { variables, rest: value.slice(at) };
}
