import type { Profile, Rule, Word } from "../ast.js";
import type { Diagnostic } from "../diagnostics.js";
import type { Language } from "../language.js";
import type { Document } from "../syntax/document.js";

/** A file that an include names. */
export interface IncludedFile {
  /** what errors call it, and what tells two files apart */
  file: string;
  text: string;
}

/**
 * Finds what an include names: one file, every file of a directory in the order of their names, or nothing.
 *
 * @param path as written: `abstractions/base`
 * @param how `magic`: `<path>`, to be searched in the include directories; `from`: the file that includes it
 */
export type Includes = (path: string, how: { magic: boolean; from?: string }) => IncludedFile | IncludedFile[] | undefined;

export interface ResolveOptions {
  /** default: nothing is found */
  include?: Includes;
  language?: Language;
}

/** A file with its includes read, conditionals decided, blocks taken apart and variables known. */
export interface Resolved {
  /** outermost profiles, in order */
  profiles: ResolvedProfile[];
  /** rules that hold for nobody, which are compiled all the same: `owner { other /a r, }` */
  vacuous?: ResolvedRule[];
  /** `alias /from -> /to,` */
  aliases: { from: string; to: string }[];
  /** every document that took part, the first one first */
  documents: Document[];
  /** errors of the documents too; with one, the rest is what could be made of it */
  diagnostics: Diagnostic[];
}

export interface ResolvedProfile {
  /** without its namespace; of a child the own part: `hat` of `profile//hat` */
  name: string;
  namespace?: string;
  /** `profile//hat`, without the namespace */
  fullName: string;
  /** as written, variables not expanded */
  attachment?: Word;
  /** of its `profile` statement: flags, xattrs */
  profile: Profile;
  document: Document;
  hat: boolean;
  /** in the order of the text, those of includes where the include stands */
  rules: ResolvedRule[];
  /** hats and child profiles */
  children: ResolvedProfile[];
  /** of this profile, `@{profile_name}` among them */
  variables: Variables;
}

export interface ResolvedRule {
  /** with the qualifiers of the blocks around it */
  rule: Rule;
  /** where it stands */
  document: Document;
  /** the include statements that led there, outermost first; empty when it stands in the profile's own text */
  via: { document: Document; start: number }[];
}

export interface Variables {
  /**
   * Every string that `value` can stand for.
   *
   * @throws ResolveError for a variable that is not defined or that contains itself, or more than 100,000 strings
   */
  expand(value: string): string[];
  /** the values of `@{name}` as declared, not expanded; undefined when it is not */
  get(name: string): readonly string[] | undefined;
}
