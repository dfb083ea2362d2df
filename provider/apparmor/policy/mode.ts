import type { ResolvedProfile } from "../resolve/types.js";
import { profileModes, type ProfileMode } from "../names/index.js";
import { otherShift } from "./bits.js";
import type { TableName } from "./clause.js";
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
  /** allowed by complain mode only; one of these lets all that is asked for at once through */
  complained: number;
  /** somebody is asked */
  prompted: number;
  transitions: readonly [string?, string?];
}

const execBits = 1 | (1 << otherShift);

/**
 * Complain mode enforces what a deny rule silences, and allows and logs every other denial, one by `audit deny` too: the
 * kernel leaves silenced permissions out, and fails without a word when none is left. An exec is never refused there: the
 * program runs in a profile made for learning. The flag `audit` lifts the silence. An unconfined profile mediates nothing.
 */
export function outcomeOf({ mode, audit }: Mode, effective: Effective, table: TableName): Outcome {
  const { allowed, audited, prompted, transitions } = effective;
  if (mode === "unconfined" || mode === "default_allow") return { allowed: ~0, logged: 0, complained: 0, prompted: 0, transitions: [] };
  const quiet = audit ? 0 : effective.quiet;
  const logged = audit ? ~0 : (allowed & audited) | (~allowed & ~quiet);
  if (mode !== "complain") return { allowed, logged, complained: 0, prompted, transitions };
  const complained = ~allowed & ~quiet;
  return { allowed: allowed | complained | (table === "file" ? execBits : 0), logged, complained, prompted, transitions };
}
