import { positionAt } from "../syntax/source.js";
import type { ResolvedRule } from "./types.js";

/** Where a rule stands, for people: `line 7`, or `abstractions/base:12` of an include. */
export function originOf({ document, rule, via }: ResolvedRule): string {
  const { line } = positionAt(document, rule.span?.start ?? 0);
  return via.length > 0 && document.file !== undefined ? `${document.file}:${line}` : `line ${line}`;
}
