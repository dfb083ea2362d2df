import { PostureError, type ErrorCode } from "../errors.js";

/** Ways of not getting to a node that a preview may put up with. A changed host key is not one of them. */
const unreachable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "host-not-found",
  "unreachable",
  "timeout",
  "auth-failed",
  "host-key-unknown",
]);

/** An error of that kind. */
export type Unreachable = PostureError & { code: "unreachable" };

export const isUnreachable = (error: unknown): error is Unreachable =>
  error instanceof PostureError && unreachable.has(error.code);

/** After these, an apply may have taken effect or not. */
export const isUncertain = (error: unknown): error is Unreachable =>
  isUnreachable(error) || (error instanceof PostureError && error.code === "interrupted");
