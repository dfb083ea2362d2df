/**
 * The abstract tree of an AppArmor profile file: what it says, whatever its layout.
 *
 * Plain data: the parser makes it with spans, the builder without. The grammar is that of apparmor.d(5) as
 * apparmor_parser 4.1 reads it.
 */

/** Offsets into the source text, in UTF-16 units; `end` is exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** What every node of the tree has. */
export interface Node {
  /** where it stands; absent on what was built in a program */
  span?: Span;
}

/**
 * A name, path, glob or value.
 *
 * `value` is what the compiler has after lexing: quotes gone, escapes of plain characters resolved, and escapes that
 * matter to globs (`\*`, `\{`, `\,`, …) and variables (`@{HOME}`) still in it.
 */
export interface Word extends Node {
  value: string;
}

export type Statement =
  | Comment
  | Include
  | Abi
  | Alias
  | Assignment
  | BooleanAssignment
  | Profile
  | Conditional
  | Block
  | Rule;

/** `# …`; `text` without the `#`. A comment behind a statement on its line is `trailing`. */
export interface Comment extends Node {
  kind: "comment";
  text: string;
  trailing: boolean;
}

/** `include <x>`, `include "x"`, `include if exists <x>`; `#include` is the old spelling. */
export interface Include extends Node {
  kind: "include";
  path: Word;
  /** `<x>` is searched in the include directories; `"x"` and a bare `x` are paths */
  magic: boolean;
  ifExists: boolean;
  /** spelled `#include` */
  hash: boolean;
}

export interface Abi extends Node {
  kind: "abi";
  path: Word;
  magic: boolean;
}

/** `alias /a -> /b,` */
export interface Alias extends Node {
  kind: "alias";
  from: Word;
  to: Word;
}

/** `@{NAME} = a b`, `+=` or, since 5.0, `?=` (unless it is declared already); `name` without `@{}`. */
export interface Assignment extends Node {
  kind: "assignment";
  name: string;
  operator: "=" | "+=" | "?=";
  values: Word[];
}

/** `$name = true`; `name` without `$` and braces. */
export interface BooleanAssignment extends Node {
  kind: "boolean";
  name: string;
  value: boolean;
}

export interface Profile extends Node {
  kind: "profile";
  /** how it is introduced: `profile x`, `hat x`, `^x`, or a bare path */
  keyword: "profile" | "hat" | "^" | "";
  /** with its namespace, if one is given: `:ns:name` */
  name: Word;
  attachment?: Word;
  xattrs?: Condition[];
  /** `complain`, `attach_disconnected`, `error=EPERM`, … in the order written */
  flags: Word[];
  body: Statement[];
}

/** `if $x { … } else if not defined @{Y} { … } else { … }` */
export interface Conditional extends Node {
  kind: "if";
  test: Expression;
  then: Statement[];
  /** an `else if` is one Conditional in this list, with `elseIf` set */
  otherwise?: Statement[];
  elseIf?: boolean;
}

export type Expression =
  | ({ op: "boolean"; name: string } & Node)
  | ({ op: "defined"; variable: "set" | "boolean"; name: string } & Node)
  | ({ op: "not"; operand: Expression } & Node)
  /** 5.0: `and`, `or`, comparisons and `in` */
  | ({ op: "and" | "or"; operands: [Expression, Expression] } & Node)
  | ({ op: "==" | "!=" | "<" | "<=" | ">" | ">=" | "in"; left: Word; right: Word } & Node);

/** `audit deny { … }`: qualifiers for every rule within. */
export interface Block extends Node {
  kind: "block";
  qualifiers: Qualifiers;
  body: Statement[];
}

export interface Qualifiers {
  /** -1000 to 1000; 0 when absent. Since 4.1 */
  priority?: number;
  audit?: boolean;
  /** 5.0 */
  quiet?: boolean;
  mode?: "allow" | "deny" | "prompt";
  owner?: "owner" | "other";
}

/** `name=value`, `name=(a b)` or `name in (a b)`, as it stands within rules. */
export interface Condition extends Node {
  name: string;
  operator: "=" | "in";
  values: Word[];
}

interface RuleBase extends Node {
  qualifiers: Qualifiers;
}

export type Rule =
  | FileRule
  | LinkRule
  | CapabilityRule
  | NetworkRule
  | UnixRule
  | MountRule
  | PivotRootRule
  | ChangeProfileRule
  | SignalRule
  | PtraceRule
  | DbusRule
  | UsernsRule
  | MqueueRule
  | IoUringRule
  | RlimitRule
  | AllRule;

/** `x` follows these: inherit, profile, child, unconfined; capitals scrub the environment. */
export type ExecMode =
  | "x" // only in deny rules
  | "ix" | "ux" | "Ux" | "px" | "Px" | "cx" | "Cx"
  | "pix" | "Pix" | "cix" | "Cix" | "pux" | "PUx" | "cux" | "CUx";

/** `owner /srv/** rw,`, `/bin/x Px -> y,`, `file,` */
export interface FileRule extends RuleBase {
  kind: "file";
  /** absent in a bare `file,`, which is `/{**,} rwmlk` with `ix` */
  path?: Word;
  /** each of `rwalkm` at most once, in that order: `w` and `a` as written */
  permissions: string;
  exec?: ExecMode;
  /** `-> name`: the profile to change to, or what a link rule may point to */
  target?: Word;
  /** `safe` or `unsafe` before the path */
  environment?: "safe" | "unsafe";
  /** `l subset /a -> /b`, `l <= /a` */
  subset?: boolean;
  /** spelled with the `file` keyword */
  keyword?: boolean;
  /** permissions before the path: `rw /a,` */
  leading?: boolean;
}

/** `link subset /a -> /b,` */
export interface LinkRule extends RuleBase {
  kind: "link";
  subset: boolean;
  path: Word;
  target: Word;
}

/** `capability net_admin,`; no names mean all */
export interface CapabilityRule extends RuleBase {
  kind: "capability";
  names: Word[];
}

/** `network (bind) inet stream ip=… port=…  peer=(…),` */
export interface NetworkRule extends RuleBase {
  kind: "network";
  access: Word[];
  family?: Word;
  /** a socket type (`stream`) or a protocol (`tcp`) */
  type?: Word;
  conditions: Condition[];
  peer?: Condition[];
}

/** `unix (send, receive) type=stream addr=@x peer=(label=y),` */
export interface UnixRule extends RuleBase {
  kind: "unix";
  access: Word[];
  conditions: Condition[];
  peer?: Condition[];
}

/** `mount fstype=… options=(…) /source -> /target,` and `remount`, `umount` (whose path is `target`) */
export interface MountRule extends RuleBase {
  kind: "mount" | "remount" | "umount";
  conditions: Condition[];
  source?: Word;
  target?: Word;
}

/** `pivot_root oldroot=/old /new -> profile,` */
export interface PivotRootRule extends RuleBase {
  kind: "pivot_root";
  conditions: Condition[];
  path?: Word;
  target?: Word;
}

/** `change_profile unsafe /exec -> target,` */
export interface ChangeProfileRule extends RuleBase {
  kind: "change_profile";
  environment?: "safe" | "unsafe";
  exec?: Word;
  /** absent means every profile */
  target?: Word;
}

/** `signal (send) set=(kill, term) peer=x,` */
export interface SignalRule extends RuleBase {
  kind: "signal";
  access: Word[];
  conditions: Condition[];
}

export interface PtraceRule extends RuleBase {
  kind: "ptrace";
  access: Word[];
  conditions: Condition[];
}

export interface DbusRule extends RuleBase {
  kind: "dbus";
  access: Word[];
  conditions: Condition[];
  peer?: Condition[];
}

export interface UsernsRule extends RuleBase {
  kind: "userns";
  access: Word[];
  conditions: Condition[];
}

export interface MqueueRule extends RuleBase {
  kind: "mqueue";
  access: Word[];
  conditions: Condition[];
  name?: Word;
}

export interface IoUringRule extends RuleBase {
  kind: "io_uring";
  access: Word[];
  conditions: Condition[];
  peer?: Condition[];
}

/** `set rlimit nofile <= 1024,` */
export interface RlimitRule extends RuleBase {
  kind: "rlimit";
  resource: Word;
  /** a number or `infinity` */
  value: Word;
  /** `KB`, `min`, … */
  unit?: Word;
}

export interface AllRule extends RuleBase {
  kind: "all";
}
