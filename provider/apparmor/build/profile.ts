import type { Abi, Alias, Assignment, Comment, Include, Profile, Statement } from "../ast.js";
import { errorNumber, plainProfileFlags, profileModes, signalNumber, type ProfileFlag } from "../names/index.js";
import { frozen, onlyKeys, path, refuse, word } from "./check.js";
import type { Many } from "./qualifiers.js";
import { abi, include, variable } from "./statements.js";

/** What stands within a profile. */
export type Entry = Exclude<Statement, Alias | Assignment | { kind: "boolean" }>;

export interface ProfileOptions {
  flags?: readonly ProfileFlag[];
  /** the programs that run under it without being told to, as a path with globs */
  attachment?: string;
}

/**
 * `profile("lxc-951", { flags: ["attach_disconnected"] }, [file("/srv/**", "r")])`
 *
 * @param name a container's profile must begin with `lxc-`
 * @param body rules, includes, comments, hats and further profiles, in lists within lists
 */
export function profile(name: string, body: Many<Entry>): Profile;
export function profile(name: string, options: ProfileOptions, body: Many<Entry>): Profile;
export function profile(name: string, ...rest: [Many<Entry>] | [ProfileOptions, Many<Entry>]): Profile {
  const [options, body] = rest.length === 2 ? rest : [{}, rest[0]];
  const where = `profile(${name})`;
  onlyKeys(options, ["flags", "attachment"], where);
  return frozen({
    kind: "profile",
    keyword: "profile",
    name: word(name, "profile(): the name"),
    ...(options.attachment !== undefined && { attachment: path(options.attachment, `${where}: attachment`) }),
    flags: flagsOf(options.flags ?? [], where),
    body: flat(body, where),
  });
}

/** `hat("worker", […])`: what a program may change into with aa_change_hat(2). */
export function hat(name: string, body: Many<Entry>): Profile;
export function hat(name: string, options: Pick<ProfileOptions, "flags">, body: Many<Entry>): Profile;
export function hat(name: string, ...rest: [Many<Entry>] | [Pick<ProfileOptions, "flags">, Many<Entry>]): Profile {
  const [options, body] = rest.length === 2 ? rest : [{}, rest[0]];
  const where = `hat(${name})`;
  onlyKeys(options, ["flags"], where);
  return frozen({ kind: "profile", keyword: "hat", name: word(name, "hat(): the name"), flags: flagsOf(options.flags ?? [], where), body: flat(body, where) });
}

function flagsOf(flags: readonly string[], where: string): { value: string }[] {
  const modes = flags.filter((flag) => (profileModes as readonly string[]).includes(flag));
  if (modes.length > 1) refuse(where, `flags ${modes.join(" and ")} are both modes: a profile has one`);
  for (const flag of flags) if (!isFlag(flag)) refuse(where, `there is no flag ${JSON.stringify(flag)}`);
  return flags.map((flag) => word(flag, where));
}

function isFlag(flag: string): boolean {
  const [name, value] = flag.split(/=(.*)/s);
  if (value === undefined) return [...profileModes, ...plainProfileFlags].some((known) => known === flag);
  if (name === "error") return errorNumber(value) !== undefined;
  return name === "kill.signal" ? signalNumber(value) !== undefined : name === "attach_disconnected.path" && value.startsWith("/");
}

function flat(body: Many<Entry>, where: string): Entry[] {
  const entries = ([body] as unknown[]).flat(Infinity) as Entry[];
  for (const entry of entries) {
    if (typeof entry !== "object" || entry === null) refuse(where, `${JSON.stringify(entry)} is no rule`);
    if ((entry.kind as string) === "assignment" || (entry.kind as string) === "alias") refuse(where, `${entry.kind} stands in the preamble: give it to profileFile()`);
  }
  return entries;
}

/** A whole file: what {@link toText} writes, and AppArmorProfile takes. */
export interface ProfileFile {
  readonly kind: "file";
  readonly statements: readonly Statement[];
}

export interface Preamble {
  /** such as `abi/4.0` */
  abi?: string;
  /** such as `tunables/global`; before the variables, which may add to theirs */
  includes?: readonly (string | Include)[];
  /** `{ "@{MODELS}": ["/mnt/models"] }`, written in the order of their names; or variable(…) and comments in theirs */
  variables?: { readonly [name: `@{${string}}`]: string | readonly string[] } | Many<Assignment | Comment>;
  aliases?: readonly Alias[];
  /** above everything */
  comment?: Many<Comment>;
}

/**
 * `profileFile({ abi: "abi/4.0", includes: ["tunables/global"] }, profile("lxc-951", […]))`: profiles with their preamble.
 */
export function profileFile(preamble: Preamble, ...profiles: readonly (Profile | Many<Comment>)[]): ProfileFile {
  onlyKeys(preamble, ["abi", "includes", "variables", "aliases", "comment"], "profileFile()");
  const head: (Abi | Include)[] = [
    ...(preamble.abi === undefined ? [] : [abi(preamble.abi)]),
    ...(preamble.includes ?? []).map((each) => (typeof each === "string" ? include(each) : each)),
  ];
  const statements = [preamble.comment ?? [], head, variablesOf(preamble.variables), preamble.aliases ?? [], profiles] as unknown[];
  return frozen({ kind: "file" as const, statements: statements.flat(Infinity) as Statement[] });
}

function variablesOf(variables: NonNullable<Preamble["variables"]> = []): Many<Assignment | Comment> {
  if (Array.isArray(variables) || "kind" in variables) return variables as Many<Assignment | Comment>;
  // by code units, so that the order of keys is no difference
  return Object.entries(variables)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, values]: [string, string | readonly string[]]) => variable(name as `@{${string}}`, values));
}
