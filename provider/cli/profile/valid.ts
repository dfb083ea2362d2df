import { check } from "../../apparmor/check/index.js";
import type { Diagnostic } from "../../apparmor/diagnostics.js";
import { LimitError } from "../../apparmor/policy/index.js";
import type { Resolved, ResolvedProfile } from "../../apparmor/resolve/index.js";
import { PostureError } from "../../errors.js";
import { problemOf } from "../report/place.js";
import type { Problem } from "../report/problem.js";
import type { Reading } from "./reading.js";

/** A text as it is understood, or its errors. */
export type Valid = { resolved: Resolved; errors?: undefined } | { resolved?: undefined; errors: Problem[] };

/** Reads a text whose meaning is asked for, which only a valid one has. */
export function validOf(text: string, file: string, { include, language }: Reading): Valid {
  const { resolved, diagnostics } = check(text, { file, include, language });
  const errors = diagnostics.filter((diagnostic: Diagnostic) => diagnostic.severity === "error");
  return errors.length > 0 ? { errors: errors.map((error) => problemOf(error, file, resolved.documents)) } : { resolved };
}

/** What a policy would take more room or time than it may for is refused like any input. */
export function limited<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LimitError) throw new PostureError("invalid-input", error.message);
    throw error;
  }
}

/** All profiles of a file, children and hats after their parents. */
export const profilesOf = (profiles: readonly ResolvedProfile[]): ResolvedProfile[] =>
  profiles.flatMap((profile) => [profile, ...profilesOf(profile.children)]);

/**
 * One profile of a file.
 *
 * @param name the full name; may be left out where the file has one outermost profile
 * @throws PostureError where that does not name one
 */
export function profileOf({ profiles }: Resolved, name: string | undefined): ResolvedProfile {
  const all = profilesOf(profiles);
  const names = all.map(({ fullName }) => fullName).join(", ");
  const [only] = profiles;
  if (name === undefined) {
    if (only && profiles.length === 1) return only;
    throw new PostureError(
      "invalid-input",
      only ? `the file has several profiles: say which with "profile" (${names})` : "the file has no profile",
    );
  }
  const found = all.find(({ fullName }) => fullName === name);
  if (!found) throw new PostureError("invalid-input", `the file has no profile ${name} (it has ${names || "none"})`);
  return found;
}
