import { dead, type Dfa } from "./dfa.js";

/** One set of languages that some strings are in, with a short one of them. */
export interface Reached {
  /** the first state that accepts them */
  state: number;
  /** a string that gets there: printable and path-like as far as one is */
  witness(): string;
}

const preferred = "abcdefghijklmnopqrstuvwxyz0123456789_-.ABCDEFGHIJKLMNOPQRSTUVWXYZ/@:+,=~\0";
const rank = new Uint16Array(256).fill(1000);
[...preferred].forEach((character, index) => (rank[character.charCodeAt(0)] = index));

/**
 * Every acceptance that is not empty, each once, with one of the shortest strings that people can read, or one of the
 * shortest at all where none can be read.
 *
 * @throws LimitError
 */
export function* reachable(dfa: Dfa): Generator<Reached> {
  const order = dfa.classes.members
    .map((members, cls) => {
      const best = members.reduce((a, b) => (rank[b]! < rank[a]! ? b : a));
      return { cls, byte: best, printable: rank[best]! < 1000 };
    })
    .sort((a, b) => rank[a.byte]! - rank[b.byte]!);
  const readable = order.filter(({ printable }) => printable);
  const rest = order.filter(({ printable }) => !printable);

  const parent: number[] = [-1];
  const via: number[] = [-1];
  const known = new Set<number>([0]);
  const queue = [0];
  const states = new Map<number, number>();

  const visit = (state: number): void => {
    const acceptance = dfa.acceptance(state);
    if (acceptance === 0) return;
    if (!states.has(acceptance)) states.set(acceptance, state);
  };
  const follow = (edges: typeof order): void => {
    for (let head = 0; head < queue.length; head++) {
      const state = queue[head]!;
      const transitions = dfa.transitions(state);
      for (const { cls, byte } of edges) {
        const target = transitions[cls]!;
        if (target === dead || known.has(target)) continue;
        known.add(target);
        parent[target] = state;
        via[target] = byte;
        visit(target);
        queue.push(target);
      }
    }
  };
  visit(0);
  follow(readable);
  if (rest.length > 0) follow(order);

  const witnessOf = (state: number): string => {
    let text = "";
    for (let at = state; at > 0; at = parent[at]!) text = String.fromCharCode(via[at]!) + text;
    return text;
  };
  for (const state of states.values()) yield { state, witness: () => witnessOf(state) };
}
