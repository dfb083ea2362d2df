import type { ResolvedProfile } from "../resolve/types.js";
import { profileModes, type ProfileMode } from "../names/index.js";
import type { Effective } from "./effective.js";

/** What a profile's flags make of its rules. */
export interface Mode {
  mode: ProfileMode;
  /** `flags=(audit)`: everything allowed is logged */
  audit: boolean;
}

export function modeOf({ profile }: Pick<ResolvedProfile, "profile">): Mode {
  const flags = profile.flags.map(({ value }) => value);
  const mode = profileModes.find((name) => name !== "enforce" && flags.includes(name)) ?? "enforce";
  return { mode, audit: flags.includes("audit") };
}

/** What happens to an access, bit by bit. */
export interface Outcome {
  allowed: number;
  logged: number;
  /** somebody is asked */
  prompted: number;
  transitions: readonly [string?, string?];
}

/**
 * Complain mode allows, and logs, what no deny rule speaks of (apparmor.d(5), PROFILE FLAGS); an unconfined profile mediates
 * nothing.
 */
export function outcomeOf({ mode, audit }: Mode, effective: Effective): Outcome {
  const { transitions } = effective;
  if (mode === "unconfined" || mode === "default_allow") return { allowed: ~0, logged: 0, prompted: 0, transitions: [] };
  const allowed = mode === "complain" ? ~effective.denied : effective.allowed;
  const logged = (effective.allowed & effective.audited) | (~effective.allowed & ~effective.quiet) | (audit ? allowed : 0);
  return { allowed, logged, prompted: effective.prompted, transitions };
}
