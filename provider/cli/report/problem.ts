import type { Severity } from "../../apparmor/lint/types.js";

/** A piece of text instead of another: from `start` to `end`, exclusive, in UTF-16 units. */
export interface Edit {
  file: string;
  start: number;
  end: number;
  text: string;
}

/** What is said of a file: an error of its language, or a finding. What has no place concerns the file as a whole. */
export interface Problem {
  code: string;
  severity: Severity;
  message: string;
  /** what to do */
  hint?: string;
  file: string;
  /** 1-based; columns in UTF-16 units */
  line?: number;
  column?: number;
  endLine?: number;
  endColumn?: number;
  /** the line, and carets below */
  snippet?: string;
  /** the profile that it is about */
  profile?: string;
  /** `safe`: the policy stays the same */
  fix?: { title: string; safe: boolean; edits: Edit[] };
  /** the page about this code */
  docs?: string;
}

/** All that is said of one file. */
export interface Report {
  file: string;
  /** apparmor_parser takes it */
  valid: boolean;
  errors: Problem[];
  findings: Problem[];
}
