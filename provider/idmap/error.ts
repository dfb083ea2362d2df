import { PostureError } from "../errors.js";
import type { Entry } from "./entry.js";

/** What is wrong with a map or a wish; stable, programs may switch on it. */
export type IdMapProblem =
  | "unreadable" // a line that LXC or Proxmox VE would not take
  | "not-an-id" // negative, fractional, not a number
  | "out-of-limits" // beyond 4294967294
  | "empty" // maps no id
  | "container-twice" // one id of the container, two of the node
  | "host-twice" // one id of the node, two of the container
  | "too-many-entries" // more than the kernel takes
  | "too-long" // more bytes than the kernel takes
  | "not-expressible"; // an id of the old map that the new one has no id for

const ofMeaning: ReadonlySet<IdMapProblem> = new Set<IdMapProblem>(["container-twice", "host-twice", "not-expressible"]);

/** A map that can't be. */
export class IdMapError extends PostureError {
  /** @param entries what it is about, as entries of a map (`not-expressible`: those of the old one that are lost) */
  constructor(
    readonly problem: IdMapProblem,
    what: string,
    hint?: string,
    readonly entries: readonly Entry[] = [],
  ) {
    super(ofMeaning.has(problem) ? "conflict" : "invalid-input", what, hint);
  }
}
