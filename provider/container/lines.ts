/** A line and the bytes that end it (`\n`, or nothing for a last line that is not ended). */
export interface Line {
  text: string;
  eol: string;
}

/** Splits without loss: `joinLines(splitLines(text)) === text`. */
export function splitLines(text: string): Line[] {
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((whole) =>
    whole.endsWith("\n") ? { text: whole.slice(0, -1), eol: "\n" } : { text: whole, eol: "" },
  );
}

export const joinLines = (lines: readonly Line[]): string => lines.map(({ text, eol }) => text + eol).join("");

export const isBlank = (text: string): boolean => /^\s*$/.test(text);
