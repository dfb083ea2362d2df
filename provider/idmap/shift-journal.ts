import type { Entry } from "./entry.js";
import { IdMapError } from "./error.js";
import { parseEntry } from "./line.js";

/** What a node keeps of a shift of owners from its first change until the configuration has followed. */
export interface ShiftJournal {
  from: Entry[];
  to: Entry[];
  /** whether every owner is shifted */
  done: boolean;
}

/** Reads the journal; undefined where the text is none. */
export function parseShiftJournal(text: string): ShiftJournal | undefined {
  const lines = text.split("\n");
  const map = (name: string) => lines.flatMap((line) => (line.startsWith(`${name} `) ? [parseEntry(line.slice(name.length + 1))] : []));
  try {
    const [from, to] = [map("from"), map("to")];
    return from.length > 0 && to.length > 0 ? { from, to, done: /(?:^|\n)phase done\n?$/.test(text) } : undefined;
  } catch (error) {
    if (error instanceof IdMapError) return undefined;
    throw error;
  }
}
