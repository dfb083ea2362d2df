import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** What a schema found wrong, one line each, with the path of the property in front. */
export const printIssues = (issues: readonly Issue[]): string[] =>
  issues.map((issue) => [printPath(issue.path), messageOf(issue)].filter(Boolean).join(": "));

// Of a wrong name in a record, zod says only that it is wrong: the reason is one level down.
const messageOf = (issue: Issue): string =>
  (issue.code === "invalid_key" && issue.issues[0]?.message) || issue.message;

/** A path as one would write it: `lxc_configs.951.ports[0]`. */
export const printPath = (path: readonly PropertyKey[]): string =>
  path.map((key, index) => (typeof key === "number" ? `[${key}]` : `${index > 0 ? "." : ""}${String(key)}`)).join("");
