import type { Resolved, ResolvedProfile } from "../resolve/types.js";
import { errorNumber } from "../names/index.js";
import { attachmentsOf, sameGlobs, xattrsOf } from "./attachment.js";
import { compare, relationOf } from "./compare.js";
import { modeOf } from "./mode.js";
import { policyOf } from "./policy.js";
import type { Comparison, Policy, Relation } from "./types.js";

/** Something about a profile that is not an access. */
export interface AttributeChange {
  attribute: "mode" | "flags" | "attachment" | "xattrs" | "namespace" | "kind" | "pivot_root";
  a: string;
  b: string;
}

export interface ProfileComparison {
  /** with its parents: `profile//hat` */
  name: string;
  change: "added" | "removed" | "changed" | "equal";
  attributes: AttributeChange[];
  /** absent when the profile is in one of the files only */
  comparison?: Comparison;
}

export interface FileComparison {
  relation: Relation;
  /** where the two name different sets of features (`abi`), which decide what of the rules counts; empty: none */
  abi?: { a: string; b: string };
  /** every profile, hats and children too, in the order of `a`; those added at the end */
  profiles: ProfileComparison[];
}

/**
 * Compares two files profile by profile; profiles are matched by name. A profile that is added or removed, another
 * attachment, other flags and another `abi` make the relation `both`.
 *
 * @throws GlobError, ResolveError, LimitError as `policyOf` and `compare` do
 */
export function compareFiles(a: Resolved, b: Resolved): FileComparison {
  const [before, after] = [byName(a), byName(b)];
  const profiles: ProfileComparison[] = [];
  for (const [name, profile] of before) {
    const other = after.get(name);
    profiles.push(
      other ? compareProfiles(name, { profile, file: a }, { profile: other, file: b }) : { name, change: "removed", attributes: [] },
    );
  }
  for (const name of after.keys()) if (!before.has(name)) profiles.push({ name, change: "added", attributes: [] });
  const [one, two] = [abiOf(a), abiOf(b)];
  if (one !== two) return { relation: "both", abi: { a: one, b: two }, profiles };
  const relations = new Set(profiles.map(relationOfProfile));
  relations.delete("equal");
  return { relation: relations.size === 0 ? "equal" : relations.size > 1 ? "both" : [...relations][0]!, profiles };
}

/** The set of features that counts: the first that is named, in the file or what it includes. */
function abiOf({ documents }: Resolved): string {
  for (const { statements } of documents) {
    const abi = statements.find((statement) => statement.kind === "abi");
    if (abi) return abi.path.value;
  }
  return "";
}

interface Side {
  profile: ResolvedProfile;
  file: Resolved;
}

function compareProfiles(name: string, a: Side, b: Side): ProfileComparison {
  const [before, after] = [policyOf(a.profile, a.file), policyOf(b.profile, b.file)];
  const comparison = compare(before, after);
  const attributes = attributesOf(a, b, before, after);
  return { name, change: comparison.relation === "equal" && attributes.length === 0 ? "equal" : "changed", attributes, comparison };
}

function relationOfProfile({ change, attributes, comparison }: ProfileComparison): Relation {
  if (change === "equal") return "equal";
  return attributes.length > 0 || !comparison ? relationOf(new Set(["allows", "denies"])) : comparison.relation;
}

/** By full name with the namespace, which children share with their parents; a name that is there twice counts on. */
function byName({ profiles }: Resolved): Map<string, ResolvedProfile> {
  const found = new Map<string, ResolvedProfile>();
  const times = new Map<string, number>();
  const todo = profiles.map((profile) => ({ profile, namespace: profile.namespace })).reverse();
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { profile, namespace } = next;
    const name = (namespace === undefined ? "" : `:${namespace}:`) + profile.fullName;
    const count = (times.get(name) ?? 0) + 1;
    times.set(name, count);
    found.set(count === 1 ? name : `${name} (${count})`, profile);
    todo.push(...profile.children.map((child) => ({ profile: child, namespace: child.namespace ?? namespace })).reverse());
  }
  return found;
}

function attributesOf(a: Side, b: Side, before: Policy, after: Policy): AttributeChange[] {
  const changes: AttributeChange[] = [];
  const note = (attribute: AttributeChange["attribute"], left: string, right: string): void => {
    if (left !== right) changes.push({ attribute, a: left, b: right });
  };
  note("mode", modeOf(a.profile).mode, modeOf(b.profile).mode);
  note("flags", flagsOf(a.profile), flagsOf(b.profile));
  note("kind", a.profile.hat ? "hat" : "profile", b.profile.hat ? "hat" : "profile");
  note("xattrs", xattrsOf(a.profile), xattrsOf(b.profile));
  note("pivot_root", before.pivotTargets.join(" "), after.pivotTargets.join(" "));
  const [left, right] = [attachmentsOf(a.profile, a.file.aliases), attachmentsOf(b.profile, b.file.aliases)];
  if (!sameGlobs(left, right)) changes.push({ attribute: "attachment", a: left.join(" "), b: right.join(" ") });
  return changes;
}

/** What only says what is so anyway. */
const idle = new Set(["enforce", "debug", "namespace_relative", "delegate_deleted", "no_attach_disconnected", "chroot_no_attach"]);

/** Flags other than modes in one spelling, sorted. */
function flagsOf({ profile }: ResolvedProfile): string {
  const flags = profile.flags
    .map(({ value }) => value)
    .filter((flag) => !idle.has(flag) && !["complain", "kill", "unconfined", "prompt", "default_allow"].includes(flag));
  const spelled = flags.map((flag) => (flag.startsWith("error=") ? `error=${errorNumber(flag.slice(6)) ?? flag}` : flag));
  return [...new Set(spelled)].sort().join(" ");
}
