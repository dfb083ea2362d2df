/** A line, and what it belongs to. */
export interface Inserted {
  family: string;
  text: string;
}

/** A line of somebody else's that made way for ours, with where it stood. */
export interface Removed {
  family: string;
  text: string;
  eol: string;
  /** the line before it that is not ours; null at the top */
  after: string | null;
  /** how many equal lines of others stayed */
  twins?: number;
  /** how many lines stood before it, ours not counted */
  at: number;
}

/**
 * What one resource did to one file, kept in the state: who owns a line can't be told from the file, as Proxmox VE
 * moves comments and sorts properties whenever it rewrites it.
 */
export interface Ledger {
  inserted: Inserted[];
  /** declared lines that were there before us, as they were written; they stay in the end */
  found: Inserted[];
  removed: Removed[];
  /** the last line, where we ended it with a line break to write after it */
  ended?: string;
  /** the file was made by us */
  created?: boolean;
}

export const emptyLedger = (): Ledger => ({ inserted: [], found: [], removed: [] });
