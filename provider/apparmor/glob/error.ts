/** A glob that the compiler would not take: `[a`, `{b}`, `x\`. */
export class GlobError extends Error {
  override readonly name = "GlobError";

  constructor(
    readonly glob: string,
    reason: string,
  ) {
    super(`${shorten(glob)}: ${reason}`);
  }
}

/** Automata of these rules would take too much time or memory. */
export class LimitError extends Error {
  override readonly name = "LimitError";

  constructor(
    /** the glob that costs most */
    readonly glob: string,
    reason: string,
  ) {
    super(`${shorten(glob)}: ${reason}; use fewer wildcards or split the profile`);
  }
}

export function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
