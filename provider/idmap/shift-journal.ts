import type { Entry } from "./entry.js";
import { IdMapError } from "./error.js";
import { parseEntry } from "./line.js";

/** How far a shift of owners is that has begun on a node. */
export interface ShiftJournal {
  from: Entry[];
  to: Entry[];
  /** 0: all files are as under `from`; `done`: as under `to`; else some are as under the one, some as under the other */
  phase: number | "done";
  /** whether the container ran before, and is to run again */
  running: boolean;
}

/** Where the journal of a container's shift stands on the node; it is there from the first change until the container is given back. */
export const shiftJournalPath = (vmid: number): string => `/var/lib/pve-posture/shift-${vmid}`;

/** Reads a journal; undefined for what is none, which the node's own program then refuses. */
export function parseShiftJournal(text: string): ShiftJournal | undefined {
  const phase = /(?:^|\n)phase (\d+|done)\n?$/.exec(text)?.[1];
  if (phase === undefined) return undefined;
  const map = (side: string) => [...text.matchAll(new RegExp(`^${side} ([ug] \\d+ \\d+ \\d+)$`, "gm"))].map((line) => parseEntry(line[1]!));
  try {
    const [from, to] = [map("from"), map("to")];
    if (from.length === 0 || to.length === 0) return undefined;
    return { from, to, phase: phase === "done" ? "done" : Number(phase), running: /^running$/m.test(text) };
  } catch (error) {
    if (error instanceof IdMapError) return undefined;
    throw error;
  }
}
