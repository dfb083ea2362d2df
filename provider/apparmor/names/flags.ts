import type { ErrorName } from "./errors.js";
import type { Signal } from "./signals.js";

/** The modes of a profile; a profile has one. `enforce` is the default. */
export const profileModes = ["enforce", "complain", "kill", "unconfined", "prompt", "default_allow"] as const;

export type ProfileMode = (typeof profileModes)[number];

/** The flags that stand alone, modes not among them. */
export const plainProfileFlags = [
  "audit", "debug", "interruptible", "chroot_relative", "namespace_relative", "mediate_deleted", "delegate_deleted",
  "attach_disconnected", "no_attach_disconnected", "chroot_attach", "chroot_no_attach",
] as const;

/** Flags that have a value: `attach_disconnected.path=/x`, `kill.signal=term`, `error=EACCES`. */
export const valuedProfileFlags = ["attach_disconnected.path", "kill.signal", "error"] as const;

export type ProfileFlag =
  | ProfileMode
  | (typeof plainProfileFlags)[number]
  | `attach_disconnected.path=${string}`
  | `kill.signal=${Signal}`
  | `error=${ErrorName}`;

/** Pairs that a profile can't have both of; two different modes, or two values of one flag, exclude one another too. */
export const exclusiveProfileFlags = [
  ["chroot_relative", "namespace_relative"],
  ["mediate_deleted", "delegate_deleted"],
  ["attach_disconnected", "no_attach_disconnected"],
  ["chroot_attach", "chroot_no_attach"],
] as const satisfies readonly (readonly [ProfileFlag, ProfileFlag])[];
