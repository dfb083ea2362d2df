import { choiceOf } from "../glob/index.js";
import type { Clause } from "./clause.js";
import type { Words } from "./patterns.js";

/** Clauses of two policies, of which those that do the same on the same side are one. */
export interface Grouped {
  own: Clause[];
  others: Clause[];
}

/**
 * Patterns that have the same effects in both policies become one language. Which rule matches is no longer known then, but
 * the automaton stays small: many globs that begin and end with `**` have as many sets of matching rules as there are
 * subsets of them.
 *
 * Of several fields the first is united, where the others are the same: the others of a union would not belong together.
 */
export function grouped(own: readonly Clause[], others: readonly Clause[]): Grouped {
  const patterns = new Map<string, { words: Words; effects: Set<string>; clauses: [Clause[], Clause[]] }>();
  [own, others].forEach((clauses, side) => {
    for (const clause of clauses) {
      const pattern = patterns.get(clause.words.key) ?? { words: clause.words, effects: new Set(), clauses: [[], []] };
      patterns.set(clause.words.key, pattern);
      const effect = `${side} ${clause.mode} ${clause.priority} ${clause.permissions} ${clause.audit} ${clause.exact} ${clause.exec}`;
      if (pattern.effects.has(effect)) continue;
      pattern.effects.add(effect);
      pattern.clauses[side]!.push(clause);
    }
  });
  const groups = new Map<string, { words: Words[]; clauses: [Clause[], Clause[]] }>();
  for (const { words, effects, clauses } of patterns.values()) {
    const rest = words.fields.slice(1).map((field) => field.key);
    const key = [...[...effects].sort(), "", ...rest].join("\x02");
    const group = groups.get(key);
    if (group) group.words.push(words);
    else groups.set(key, { words: [words], clauses });
  }
  const result: Grouped = { own: [], others: [] };
  for (const { words, clauses } of groups.values()) {
    const all = unionOf(words);
    result.own.push(...clauses[0].map((clause) => ({ ...clause, words: all })));
    result.others.push(...clauses[1].map((clause) => ({ ...clause, words: all })));
  }
  return result;
}

function unionOf(words: readonly Words[]): Words {
  const [first] = words;
  if (words.length === 1) return first!;
  const union = { key: words.map(({ fields }) => fields[0]!.key).join("\x01"), regex: choiceOf(words.map(({ fields }) => fields[0]!.regex)) };
  return { ...first!, key: words.map((each) => each.key).join("\x01"), fields: [union, ...first!.fields.slice(1)] };
}
