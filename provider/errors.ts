import { brief, printable } from "./printable";

/**
 * Every way in which the library refuses or fails.
 *
 * A code is stable: programs may switch on it. The text is for people and may change.
 */
export type ErrorCode =
  // reaching the node
  | "invalid-settings" // node settings, ~/.ssh/config or known_hosts can't be used as they are
  | "host-not-found"
  | "unreachable" // refused, timed out, cut off
  | "host-key-unknown"
  | "host-key-changed"
  | "host-key-revoked"
  | "auth-failed"
  | "not-permitted" // logged in, but neither root nor able to sudo
  | "timeout"
  // what the node says
  | "container-not-found"
  | "container-elsewhere" // another node of the cluster owns it
  | "container-locked" // the `lock:` property, or PVE's lock file held too long
  | "no-quorum"
  | "no-apparmor" // no apparmor_parser, or no AppArmor in the kernel
  | "profile-invalid" // apparmor_parser refused the text
  | "profile-in-use"
  | "profile-not-loaded"
  | "restart-failed" // the container did not come up as declared; what it had was put back
  | "gpu-not-found"
  | "changed-meanwhile" // somebody else edited the file between our read and our write, repeatedly
  | "conflict" // two declarations, or a declaration and the node, can't both hold
  | "interrupted" // what ran on the node ended without saying how
  | "node-failed" // a step on the node failed; everything was restored
  | "restore-failed" // a step on the node failed, and so did restoring
  // what the program says
  | "invalid-input";

/** As much as a node says of a step that failed, and a little more; advice is our own, save for names in it. */
const most = { what: 10_000, hint: 1500 };

/** An error with a code, what happened, and what to do about it. */
export class PostureError extends Error {
  override readonly name = "PostureError";
  readonly what: string;
  readonly hint?: string;

  /**
   * @param code what kind of failure this is
   * @param what what happened, with the values that matter (never a secret)
   * @param hint what to do now
   */
  constructor(
    readonly code: ErrorCode,
    what: string,
    hint?: string,
    options?: { cause?: unknown },
  ) {
    const told = printable(brief(what, most.what));
    const advice = hint && printable(brief(hint, most.hint));
    super(advice ? `${told}\n  ${advice.replaceAll("\n", "\n  ")}` : told, options);
    this.what = told;
    this.hint = advice;
  }
}
