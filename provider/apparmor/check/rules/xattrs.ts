import type { Condition } from "../../ast.js";
import { globProblem } from "./globs.js";
import type { Report } from "./report.js";

/** The values of extended attributes are globs without variables. */
export function checkXattrs(report: Report, xattrs: readonly Condition[]): void {
  for (const { values } of xattrs)
    for (const { value, span } of values) {
      const problem = globProblem(value);
      if (problem === undefined || isCutShort(value)) continue;
      const hint = value.includes("{") ? "a comma ends a value: quote one with alternatives" : undefined;
      report(span, { code: "bad-glob", message: problem, ...(hint && { hint }) });
    }
}

/**
 * Whether the compiler takes what stands before the mistake for the whole: behind `{a}`, which has one alternative, and
 * before a `]` that nothing opened, outside of other groups.
 */
function isCutShort(glob: string): boolean {
  let depth = 0;
  let alternatives = false;
  let inSet = false;
  for (let at = 0; at < glob.length; at++) {
    const character = glob.charAt(at);
    if (character === "\\") at++;
    else if (character === "]") {
      if (!inSet) return depth === 0;
      inSet = false;
    } else if (inSet) continue;
    else if (character === "[") inSet = true;
    else if (character === "{") {
      // a group within another is never cut off at the end of all
      if (++depth > 1) return false;
      alternatives = false;
    } else if (character === "," && depth > 0) alternatives = true;
    else if (character === "}") {
      if (--depth < 0) return false;
      if (!alternatives) return true;
    }
  }
  return false;
}
