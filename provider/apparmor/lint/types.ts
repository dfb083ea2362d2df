import type { Diagnostic } from "../diagnostics.js";
import type { FindingCode } from "./codes.js";

export type Severity = "error" | "warning" | "info";

/** Replaces `start` to `end` (UTF-16 units, exclusive) of a file's text. */
export interface Edit {
  /** as the Finding's file; absent for a text without a name */
  file?: string;
  start: number;
  end: number;
  text: string;
}

export interface Fix {
  /** `delete the rule` */
  title: string;
  /** they do not overlap */
  edits: Edit[];
  /** the policy stays the same, so it may be applied unseen */
  safe: boolean;
}

/** Something in a profile that is allowed by the language, and should not be. */
export interface Finding extends Omit<Diagnostic, "severity" | "code"> {
  code: FindingCode;
  severity: Severity;
  /** the name of the profile, hats with those of their parents */
  profile: string;
  fix?: Fix;
  /** its page in this repository */
  docs: string;
}

export interface LintOptions {
  /**
   * Whether the profiles are for containers. Default: those that include `abstractions/lxc/container-base`, or are named
   * `lxc-…` (or `lxc_…`) and have no attachment.
   */
  container?: boolean;
  /** Mount points that are shared with other machines or containers, besides what is below /mnt, /media, /srv and /zfs: `/tank/storage` */
  shares?: readonly string[];
}
