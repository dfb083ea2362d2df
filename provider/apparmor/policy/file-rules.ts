import type { FileRule, LinkRule } from "../ast.js";
import type { ResolvedRule } from "../resolve/types.js";
import { bothHalves, fileBits, linkBit, otherShift, ownerMask, subsetBit } from "./bits.js";
import { add, effectOf, type Context, type Effect } from "./context.js";
import { inherits, transitionOf } from "./exec.js";
import { fields, type Pattern } from "./patterns.js";
import { anyByte, notSlash, sequence, set, star, text } from "../glob/index.js";

/** What a link may point to where a rule names no target. */
const anyTarget: Pattern = { key: "/[^/].*", regex: sequence(text("/"), set(notSlash), star(anyByte)) };

interface Entry {
  path: string;
  target?: string;
  subset: boolean;
  permissions: number;
  exec?: string;
}

/** `/path rwx,` and `file,` */
export function addFileRule(context: Context, source: ResolvedRule, rule: FileRule): void {
  const path = rule.path?.value ?? "/{**,}";
  const letters = rule.path ? rule.permissions : "rwalkm";
  const whole: FileRule = rule.path ? rule : { ...rule, exec: rule.qualifiers.mode === "deny" ? "x" : "ix" };
  let bits = [...letters].reduce((sum, letter) => sum | fileBits[letter]!, 0);
  if (letters.includes("w")) bits |= fileBits["a"]!;
  if (whole.exec) bits |= fileBits["x"]!;
  if (inherits(whole)) bits |= fileBits["m"]!;
  // behind a trailing `l -> x` stands a profile's name, which links do not use
  const target = rule.leading && letters.includes("l") ? rule.target?.value : undefined;
  const exec = transitionOf(whole, context.profileName, path);
  addEntry(context, effectOf(source), {
    path,
    ...(target === undefined ? {} : { target }),
    subset: rule.subset ?? false,
    permissions: bothHalves(bits) & halvesOf(rule),
    ...(exec === undefined ? {} : { exec }),
  });
}

/** `link /a -> /b,` */
export function addLinkRule(context: Context, source: ResolvedRule, rule: LinkRule): void {
  const permissions = bothHalves(fileBits["l"]!) & halvesOf(rule);
  addEntry(context, effectOf(source), { path: rule.path.value, target: rule.target.value, subset: rule.subset, permissions });
}

function halvesOf(rule: FileRule | LinkRule): number {
  const { owner } = rule.qualifiers;
  return owner === "owner" ? ownerMask : owner === "other" ? ownerMask << otherShift : bothHalves(ownerMask);
}

/** Permissions on a path, and its aliases; links are pairs of paths of their own. */
export function addEntry(context: Context, effect: Effect, entry: Entry): void {
  const path = context.patterns.expand(entry.path);
  const target = entry.target === undefined ? undefined : context.patterns.expand(entry.target);
  addPair(context, effect, entry, path, target);
  for (const { from, to } of context.aliases) {
    const swap = (value: string): string => (value.startsWith(from) ? to + value.slice(from.length) : value);
    const [otherPath, otherTarget] = [swap(path), target === undefined ? undefined : swap(target)];
    if (otherPath !== path || otherTarget !== target) addPair(context, effect, entry, otherPath, otherTarget);
  }
}

function addPair(context: Context, effect: Effect, entry: Entry, path: string, target: string | undefined): void {
  const links = bothHalves(fileBits["l"]!);
  const pattern = context.patterns.path(path);
  add(context, "file", effect, fields(pattern), entry.permissions & ~links);
  if (entry.exec !== undefined && entry.permissions & ~links) context.clauses.at(-1)!.exec = entry.exec;
  if (!(entry.permissions & links)) return;
  const owner = entry.permissions & fileBits["l"]! ? linkBit : 0;
  const other = entry.permissions & (fileBits["l"]! << otherShift) ? linkBit << otherShift : 0;
  // what a link without a named target may point to must not grant more than the link itself
  const subset = owner && (target === undefined || entry.subset) ? subsetBit : 0;
  add(
    context,
    "link",
    effect,
    fields(pattern, target === undefined ? anyTarget : context.patterns.path(target)),
    owner | other | subset,
    owner | other,
  );
}
