import type { ResolvedRule } from "../resolve/types.js";
import type { Words } from "./patterns.js";

/** What is matched together: the accesses of a table have one way of being written as bytes. */
export const tableNames = [
  "file",
  "link",
  "capability",
  "network",
  "unix",
  "signal",
  "ptrace",
  "mount",
  "umount",
  "pivot_root",
  "change_profile",
  "dbus",
  "mqueue",
  "userns",
  "io_uring",
] as const;

/** How many fields the strings of a table have, byte 0 between them; others have one. */
export const fieldCounts: Partial<Record<TableName, number>> = { link: 2, mount: 4, pivot_root: 2, change_profile: 2, dbus: 6 };

export type TableName = (typeof tableNames)[number];

export type ClauseMode = "allow" | "deny" | "prompt";

/** One thing that a rule says: these permissions for these strings. A rule has one clause or several. */
export interface Clause {
  table: TableName;
  /** the rule that says or implies it; absent on what every profile with hats has */
  source?: ResolvedRule;
  words: Words;
  mode: ClauseMode;
  priority: number;
  permissions: number;
  /** of `permissions`: logged when allowed; of a deny clause: not logged */
  audit: number;
  /** a plain name without wildcards: its exec mode beats those of globs */
  exact: boolean;
  /** of `x`: `ix`, `Px -> name`; two that differ at one string are a conflict */
  exec?: string;
}
