import type { ResolvedProfile, ResolvedRule } from "../resolve/types.js";
import type { Clause, TableName } from "./clause.js";
import type { Mode } from "./mode.js";
import type { Limit } from "./rlimits.js";

/** What a profile allows, as rules over strings of bytes: one table for each way of writing accesses. */
export interface Policy {
  profile: ResolvedProfile;
  mode: Mode;
  tables: ReadonlyMap<TableName, readonly Clause[]>;
  rlimits: ReadonlyMap<string, Limit>;
  /** profiles that `pivot_root … -> name` names, sorted */
  pivotTargets: readonly string[];
}

/** The classes of what AppArmor mediates. */
export type AccessClass =
  | "file"
  | "capability"
  | "network"
  | "unix"
  | "signal"
  | "ptrace"
  | "mount"
  | "umount"
  | "remount"
  | "pivot_root"
  | "change_profile"
  | "dbus"
  | "mqueue"
  | "userns"
  | "io_uring"
  | "rlimit";

/** One access of a confined task, as the kernel would ask about it. Names are the kernel's, never globs. */
export type Access =
  /** `permissions`: one or more of `rwalkmx`; `owner` (default true): the task owns the file; `target`: of a link */
  | { class: "file"; path: string; permissions: string; owner?: boolean; target?: string }
  | { class: "capability"; capability: string }
  /** `access` default: every one that a rule can name */
  | {
      class: "network";
      family: string;
      type?: string;
      protocol?: string;
      access?: string[];
      local?: InternetAddress;
      peer?: InternetAddress;
    }
  | { class: "unix"; access: string[]; type?: string; address?: string; label?: string; peer?: { address?: string; label?: string } }
  | { class: "signal"; access: "send" | "receive"; signal: string; peer: string }
  | { class: "ptrace"; access: "trace" | "read" | "tracedby" | "readby"; peer: string }
  | { class: "mount" | "remount"; source?: string; target: string; fstype?: string; options?: string[]; data?: string }
  | { class: "umount"; target: string }
  | { class: "pivot_root"; old?: string; path: string }
  /** `exec`: change at the exec of this path (`change_profile /exec -> target`) */
  | { class: "change_profile"; target: string; exec?: string }
  | {
      class: "dbus";
      access: "send" | "receive" | "bind" | "eavesdrop";
      bus: string;
      name?: string;
      label?: string;
      path?: string;
      interface?: string;
      member?: string;
    }
  | { class: "mqueue"; access: string[]; type: "posix" | "sysv"; name: string; label?: string }
  | { class: "userns"; access?: "create" }
  | { class: "io_uring"; access: "sqpoll" | "override_creds"; label?: string }
  /** the limit a task may have: bytes, seconds (cpu), microseconds (rttime), a number; nice counts from 0 (19) to 40 (-20) */
  | { class: "rlimit"; resource: string; value: number };

/** One end of an Internet socket; without an address the unspecified one. */
export interface InternetAddress {
  /** `10.0.0.1`, `fe80::1` */
  address?: string;
  port?: number;
}

export interface Decision {
  /** every permission that was asked for */
  allowed: boolean;
  /** the kernel writes it to the log: an allow with `audit`, or a denial that is not silenced by `deny` */
  audited: boolean;
  /** no rule speaks of it (`implicit`), or a deny rule does (`explicit`); absent when allowed */
  denial?: "implicit" | "explicit";
  /** of an allowed exec: `ix`, `Px -> lxc-x`, … */
  transition?: string;
  /** the rules that decide; empty for an implicit denial */
  rules: ResolvedRule[];
}

export type Relation = "equal" | "tighter" | "wider" | "both";

/** An access that tells two profiles apart. */
export interface Witness {
  class: AccessClass;
  access: Access;
  /** what `b` does other than `a`: `allows` or `denies`; `audit`: the decision is the same, the log is not; `transition`: another exec mode or target */
  change: "allows" | "denies" | "audit" | "transition";
  /** for people: `allows w on /mnt/shared/secret` */
  message: string;
  /** the rules behind either side */
  a: ResolvedRule[];
  b: ResolvedRule[];
}

/** What `b` is, seen from `a`. */
export interface Comparison {
  /** `tighter`: b allows less; `wider`: b allows more; `both`: more here, less there. A difference only in audit or transitions is `both` too, and says so in its witnesses */
  relation: Relation;
  /** by class, those that differ only */
  classes: Partial<Record<AccessClass, Relation>>;
  /** at least one for each class that differs and each kind of change in it */
  witnesses: Witness[];
}
