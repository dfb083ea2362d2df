import { GlobError } from "./error.js";
import { anyByte, choiceOf, complementOf, empty, negatedSet, sequenceOf, set, setOf, star, text, type Regex } from "./regex.js";
import { tokensOf, type Token } from "./tokens.js";

export interface GlobOptions {
  /** wildcards match byte 0 too, as in abstract socket addresses; default false */
  nulls?: boolean;
}

/**
 * The language of a glob as apparmor_parser 4.1 compiles it: `*` within a component, `**` across, `?`, `[a-z]`, `[^a]`,
 * `{a,b}`, escapes (`\*`, `\101`, `\x41`).
 *
 * @param glob as in `Word.value`, variables replaced
 * @throws GlobError for what the compiler refuses
 */
export function parseGlob(glob: string, { nulls = false }: GlobOptions = {}): Regex {
  const tokens = tokensOf(glob, nulls);
  let at = 0;

  const is = (character: string): boolean => tokens[at]?.special === true && tokens[at]!.byte === character.charCodeAt(0);
  const skip = (character: string): boolean => is(character) && ++at > 0;

  /** recursion is bounded: braces nest at most 49 deep */
  function alternatives(): Regex {
    const options = [terms()];
    while (skip("|")) options.push(terms());
    return choiceOf(options);
  }

  function terms(): Regex {
    const parts: Regex[] = [];
    let plain = "";
    const flush = (): void => {
      if (plain !== "") parts.push(text(plain));
      plain = "";
    };
    while (at < tokens.length && !is("|") && !is(")")) {
      if (is("(") || is("[") || is(".")) {
        flush();
        parts.push(term());
      } else plain += String.fromCharCode(tokens[at++]!.byte);
    }
    flush();
    return parts.length === 0 ? empty : sequenceOf(parts);
  }

  function term(): Regex {
    if (skip("(")) {
      const inner = alternatives();
      at++;
      return inner;
    }
    const one = skip(".") ? negatedSet(anyByte) : charset();
    return skip("*") ? star(one.kind === "set" ? one.set : (one as { text: string }).text) : one;
  }

  function charset(): Regex {
    at++;
    const negative = skip("^");
    const bytes: number[] = [];
    // a second ^, and ] or - right at the beginning, are themselves
    if (negative && is("^")) bytes.push(tokens[at++]!.byte);
    else member(bytes, true);
    while (!is("]")) member(bytes, false);
    at++;
    return negative ? negatedSet(complementOf(bytes)) : set(setOf(bytes));
  }

  function member(bytes: number[], first: boolean): void {
    const from = bound(first);
    if (!skip("-")) return void bytes.push(from);
    const to = bound(false);
    for (let byte = Math.min(from, to); byte <= Math.max(from, to); byte++) bytes.push(byte);
  }

  function bound(first: boolean): number {
    const token: Token | undefined = tokens[at];
    if (!token) throw new GlobError(glob, "[ without ]");
    if (!first && (is("-") || is("]"))) throw new GlobError(glob, "a range needs a character on both sides of -");
    if (first && is("^")) throw new GlobError(glob, "^ is not allowed there");
    at++;
    return token.byte;
  }

  return alternatives();
}
