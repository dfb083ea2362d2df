import type { Condition, MountRule, PivotRootRule } from "../ast.js";
import { choiceOf, optional, sequence, text, type Regex } from "../glob/index.js";
import { mountConditions, mountFlags, mountOption, type MountFlag } from "../names/index.js";
import type { ResolvedRule } from "../resolve/types.js";
import { add, effectOf, type Context, type Effect } from "./context.js";
import { anyPattern, fields, nothing, type Pattern } from "./patterns.js";

const every = (Object.keys(mountFlags) as MountFlag[]).filter((flag) => flag !== "nouser").reduce((sum, flag) => sum + mountFlags[flag], 0);
const mask = (...flags: MountFlag[]): number => flags.reduce((sum, flag) => sum | mountFlags[flag], 0);

/** The flags that choose what mount(2) does, and those that each of these ways looks at. */
export const makeFlags = mask("unbindable", "private", "slave", "shared", "rec");
const commands = mask("move", "remount", "bind") | makeFlags;
const perMount = mask("nosuid", "noexec", "nodev", "noatime", "nodiratime", "relatime", "strictatime");
export const mountKinds = {
  remount: every & ~mask("move"),
  bind: mask("bind", "rec"),
  make: every & ~perMount,
  move: mask("move"),
  new: every & ~commands,
} as const;

export type MountKind = keyof typeof mountKinds;

/** One combination of `options=` and `options in`: flags that must be set, and flags that may be. */
interface Flags {
  required: number;
  allowed: number;
}

/** `mount`, `remount` and `umount`: strings of target, source, type and flags. */
export function addMountRule(context: Context, source: ResolvedRule, rule: MountRule): void {
  const { patterns } = context;
  const effect = effectOf(source);
  if (rule.kind === "umount") {
    const path = rule.target ?? rule.source;
    return add(context, "umount", effect, fields(path ? patterns.path(path.value) : anyPattern), 1);
  }
  const types = rule.conditions.filter(({ name }) => meaning(name) === "fstype").flatMap(({ values }) => values);
  const remount = rule.kind === "remount";
  const device = remount ? undefined : rule.source;
  const point = remount ? (rule.target ?? rule.source) : rule.target;
  const from: Pattern | undefined = device && (patterns.expand(device.value) === "detached" ? nothing : patterns.path(device.value));
  const to: Pattern | undefined = point && patterns.path(point.value);
  const fstypes = types.map(({ value }) => patterns.name(value));
  const fstype: Pattern | undefined =
    fstypes.length > 0
      ? { key: `(${fstypes.map(({ key }) => key).join("|")})`, regex: choiceOf(fstypes.map(({ regex }) => regex)) }
      : undefined;
  for (const flags of flagsOf(rule)) {
    for (const kind of kindsOf(flags, { source: Boolean(from), target: Boolean(to), fstype: Boolean(fstype) }))
      addMount(context, effect, kind, flags, { from, to, fstype });
  }
}

function addMount(
  context: Context,
  effect: Effect,
  kind: MountKind,
  flags: Flags,
  what: { from?: Pattern; to?: Pattern; fstype?: Pattern },
): void {
  const target = kind === "remount" || kind === "make" ? (what.to ?? what.from) : what.to;
  const from = kind === "remount" || kind === "make" ? undefined : what.from;
  const fstype = kind === "new" ? what.fstype : undefined;
  add(
    context,
    "mount",
    effect,
    fields(target ?? anyPattern, from ?? anyPattern, fstype ?? anyPattern, flagPattern(flags, mountKinds[kind])),
    1,
  );
}

const meaning = (name: string): string | undefined =>
  Object.hasOwn(mountConditions, name) ? mountConditions[name as keyof typeof mountConditions] : undefined;

/** Every pair of an `options=` and an `options in` of the rule. */
function flagsOf(rule: MountRule): Flags[] {
  const remount = rule.kind === "remount" ? mountFlags.remount : 0;
  const bits = (condition: Condition, both: boolean): number =>
    condition.values.reduce((sum, { value }) => {
      const option = mountOption(value);
      return option ? sum | mask(...option.set) | (both ? mask(...option.clear) : 0) : sum;
    }, 0);
  const options = rule.conditions.filter(({ name }) => meaning(name) === "options");
  const exact = options.filter(({ operator }) => operator === "=").map((condition) => bits(condition, false) | remount);
  const subset = options.filter(({ operator }) => operator === "in").map((condition) => bits(condition, true));
  if (options.length === 0)
    return [remount ? { required: remount, allowed: mountKinds.remount & ~remount } : { required: every, allowed: every }];
  if (exact.length === 0) exact.push(remount);
  if (subset.length === 0) subset.push(0);
  return exact.flatMap((required) => subset.map((allowed) => ({ required, allowed })));
}

/** Which ways of mount(2) a rule speaks of: all that its fields allow where it has no flags, else the one that they choose. */
function kindsOf({ required, allowed }: Flags, has: { source: boolean; target: boolean; fstype: boolean }): MountKind[] {
  const plain = !has.fstype;
  const one = !has.source || !has.target;
  if (required === 0 || required === every) {
    return [
      ...(plain && !has.source ? (["remount"] as const) : []),
      ...(plain ? (["bind"] as const) : []),
      ...(plain && one ? (["make"] as const) : []),
      ...(plain ? (["move"] as const) : []),
      "new",
    ];
  }
  if (required & mountFlags.remount && !has.source && plain) return ["remount"];
  if (required & mountFlags.bind && plain) return ["bind"];
  if (required & makeFlags && one && plain) return ["make"];
  if (required & mountFlags.move && plain) return ["move"];
  return (required | allowed) & ~commands ? ["new"] : [];
}

/** Flags are bytes, ascending: bit 0 is byte 1. The compiler allows byte 254 in place of no flags too, which no mount has. */
function flagPattern({ required, allowed }: Flags, mask: number): Pattern {
  const [must, may] = [required & mask, allowed & mask];
  if (must === every) return anyPattern;
  const parts: Regex[] = [];
  for (let bit = 0; bit < 32; bit++) {
    const flag = text(String.fromCharCode(bit + 1));
    if (may & (1 << bit)) parts.push(optional(flag));
    else if (must & (1 << bit)) parts.push(flag);
  }
  return { key: `\x01flags${must & ~may}/${may}`, regex: sequence(...parts) };
}

/** The bytes of a set of flags. */
export function flagBytes(flags: number): string {
  let bytes = "";
  for (let bit = 0; bit < 32; bit++) if (flags & (1 << bit)) bytes += String.fromCharCode(bit + 1);
  return bytes;
}

/** `pivot_root oldroot=/old /new,`: strings of new and old root. */
export function addPivotRoot(context: Context, source: ResolvedRule, rule: PivotRootRule): void {
  const old = rule.conditions.find(({ name }) => name === "oldroot")?.values[0];
  const { patterns } = context;
  add(
    context,
    "pivot_root",
    effectOf(source),
    fields(rule.path ? patterns.path(rule.path.value) : anyPattern, old ? patterns.path(old.value) : anyPattern),
    1,
  );
}
