import { LimitError } from "./error.js";
import { empty, type ByteSet, type Regex } from "./regex.js";

/** A language that an automaton tells apart from its others. */
export interface Language {
  /** equal languages have equal keys, as far as one can see from how they are written */
  key: string;
  /** what errors call it */
  name: string;
  regex: Regex;
}

/** A nondeterministic automaton: instructions that read a byte, go two ways or accept. */
export interface Nfa {
  /** the set read (index into `sets`), `split` or `accept` */
  readonly op: readonly number[];
  /** where to go on; of `accept` the language's index */
  readonly next: readonly number[];
  /** the other way of `split` */
  readonly other: readonly number[];
  readonly sets: readonly ByteSet[];
  readonly starts: readonly number[];
  readonly languages: readonly Language[];
  /** which language an instruction is of */
  readonly owner: readonly number[];
}

export const split = -1;
export const accept = -2;

/** Instructions of one automaton; a Debian profile has about 30,000. */
export const maxInstructions = 1_000_000;

/** @throws LimitError */
export function buildNfa(languages: readonly Language[]): Nfa {
  const op: number[] = [];
  const next: number[] = [];
  const other: number[] = [];
  const owner: number[] = [];
  const sets: ByteSet[] = [];
  const setIds = new Map<ByteSet, number>();
  let language = 0;

  // the same step to the same place is made once, so that alternatives share their ends
  const made = new Map<string, number>();
  const once = (key: string, make: () => number): number => {
    let pc = made.get(key);
    if (pc === undefined) made.set(key, (pc = make()));
    return pc;
  };

  const emit = (what: number, to: number, alternative = -1): number => once(`${what} ${to} ${alternative}`, () => append(what, to, alternative));

  const append = (what: number, to: number, alternative = -1): number => {
    if (op.length >= maxInstructions)
      throw new LimitError(languages[language]!.name, `the automaton has more than ${maxInstructions} instructions`);
    op.push(what);
    next.push(to);
    other.push(alternative);
    owner.push(language);
    return op.length - 1;
  };
  const idOf = (set: ByteSet): number => {
    const known = setIds.get(set);
    if (known !== undefined) return known;
    setIds.set(set, sets.length);
    return sets.push(set) - 1;
  };

  /** from the end backwards, so that `to` is known; recursion is as deep as braces nest */
  const compile = (regex: Regex, to: number): number => {
    switch (regex.kind) {
      case "text": {
        let entry = to;
        for (let at = regex.text.length - 1; at >= 0; at--) entry = emit(idOf(regex.text[at]!), entry);
        return entry;
      }
      case "set":
        return emit(idOf(regex.set), to);
      case "star":
        return once(`* ${idOf(regex.set)} ${to}`, () => {
          const loop = append(split, -1, to);
          next[loop] = append(idOf(regex.set), loop);
          return loop;
        });
      case "sequence": {
        let entry = to;
        for (let at = regex.parts.length - 1; at >= 0; at--) entry = compile(regex.parts[at]!, entry);
        return entry;
      }
      case "choice": {
        let entry = compile(regex.options.at(-1) ?? empty, to);
        for (let at = regex.options.length - 2; at >= 0; at--) entry = emit(split, compile(regex.options[at]!, to), entry);
        return entry;
      }
    }
  };

  const starts = languages.map(({ regex }, index) => {
    language = index;
    return compile(regex, emit(accept, index));
  });
  return { op, next, other, sets, starts, languages, owner };
}
