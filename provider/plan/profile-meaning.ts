import { check, type Checked } from "../apparmor/check/index.js";
import type { Diagnostic } from "../apparmor/diagnostics.js";
import type { Language } from "../apparmor/language.js";
import type { IncludedFile, Includes } from "../apparmor/resolve/types.js";
import { compareFiles, GlobError, LimitError, type FileComparison, type ProfileComparison, type Witness } from "../apparmor/policy/index.js";
import { ResolveError } from "../apparmor/resolve/error.js";
import { resolve } from "../apparmor/resolve/index.js";
import { isSkipped } from "../apparmor/skipped.js";
import { parse } from "../apparmor/syntax/index.js";
import { fromBytes, toBytes } from "../bytes.js";
import type { Change } from "./kind.js";
import type { Answers, Request } from "./steps.js";

const root = "/etc/apparmor.d";

/** The Debian package of apparmor_parser. */
export const compilerPackage = "apparmor";

/** More than any profile includes; a node that names new files for ever must not keep us. */
const maxFiles = 1000;

/** The questions about included files that are still open before the texts can be compared. */
export function openIncludes(texts: readonly string[], answers: Answers): Request[] {
  const node = includesOf(answers);
  for (const text of new Set(texts)) resolve(parse(text), { include: node.include });
  return node.asked() > maxFiles ? [] : node.open();
}

/** How two texts differ in what they mean, or why that can't be told. */
export type Meaning = FileComparison | { unknown: string };

/** What a declared text means, seen from that of a file on the node (latin1). */
export function compareWithFile(file: string, declared: string, answers: Answers): Meaning {
  const text = utf8Of(file);
  return text === undefined ? { unknown: "what is there is not UTF-8" } : compareTexts(text, declared, answers);
}

/** What `b` means, seen from `a`. */
export function compareTexts(a: string, b: string, answers: Answers): Meaning {
  // a plan asks several times
  const known = comparisons.get(answers) ?? new Map<string, Meaning>();
  comparisons.set(answers, known);
  const key = JSON.stringify([a, b]);
  const meaning = known.get(key) ?? compareAnew(a, b, answers);
  known.set(key, meaning);
  return meaning;
}

const comparisons = new WeakMap<Answers, Map<string, Meaning>>();

function compareAnew(a: string, b: string, answers: Answers): Meaning {
  const node = includesOf(answers);
  const [one, two] = [a, b].map((text) => check(text, { include: node.include, language: "5.0" })) as [Checked, Checked];
  const missing = node.missing();
  if (missing) return { unknown: missing };
  const errors = { "what is there": one, "what is declared": two };
  for (const [which, { diagnostics }] of Object.entries(errors)) {
    const error = diagnostics.find(({ severity }) => severity === "error");
    // what the text says may be a secret
    if (error) return { unknown: `${which} has an error ${error.file === undefined ? `at line ${error.line}` : "in an include"}` };
  }
  try {
    return compareFiles(one.resolved, two.resolved);
  } catch (error) {
    if (error instanceof LimitError || error instanceof GlobError || error instanceof ResolveError) return { unknown: "it is too complex" };
    throw error;
  }
}

/** What the node's compiler will refuse in a text, with the includes that the node has; nothing where those aren't known. */
export function problemsOf(text: string, answers: Answers): string[] {
  const node = includesOf(answers);
  const { diagnostics } = check(text, { include: node.include, language: languageOf(answers) });
  if (node.missing()) return [];
  return diagnostics.filter(({ severity }) => severity === "error").slice(0, maxProblems).map(explain);
}

const maxProblems = 5;

function explain({ file, line, column, message, hint }: Diagnostic): string {
  return `its compiler will refuse ${file === undefined ? "this" : file} at ${line}:${column}: ${message}${hint ? ` (${hint})` : ""}`;
}

/** The package says which language the node's compiler takes; without it, the newest, so that nothing is told in vain. */
function languageOf(answers: Answers): Language {
  const major = Number(/^(?:\d+:)?(\d+)\./.exec(answers.package(compilerPackage) ?? "")?.[1] ?? 5);
  return major < 4 ? "3.0" : major < 5 ? "4.1" : "5.0";
}

/** A comparison as lines: what is allowed then (`+`), what no longer is (`-`), and what changes otherwise (`~`). */
export function linesOf({ profiles, abi }: FileComparison): Change[] {
  const changed = profiles.filter(({ change }) => change !== "equal");
  const features: Change[] = abi ? [{ sign: "~", text: `abi: ${abi.a || "none"}, then ${abi.b || "none"}` }] : [];
  const lines = changed.flatMap((profile) => {
    const lines = linesOfProfile(profile);
    return profiles.length === 1 ? lines : lines.map(({ sign, text }) => ({ sign, text: `${profile.name}: ${text}` }));
  });
  return [...features, ...lines];
}

/** Examples of one kind of change within a class that are shown; the rest is counted. */
const maxExamples = 3;

function linesOfProfile({ change, attributes, comparison }: ProfileComparison): Change[] {
  if (change === "added") return [{ sign: "~", text: "is a new profile" }];
  if (change === "removed") return [{ sign: "~", text: "is no profile any more" }];
  const lines = attributes.map(({ attribute, a, b }): Change => ({ sign: "~", text: `${attribute}: ${a || "none"}, then ${b || "none"}` }));
  // another mode changes everything: examples would say nothing
  if (attributes.some(({ attribute }) => attribute === "mode")) return lines;
  const groups = new Map<string, Witness[]>();
  for (const witness of comparison?.witnesses ?? []) {
    const key = `${witness.class} ${witness.change}`;
    groups.set(key, [...(groups.get(key) ?? []), witness]);
  }
  return [...lines, ...[...groups.values()].flatMap(examplesOf)];
}

function examplesOf(witnesses: readonly Witness[]): Change[] {
  const sign = { allows: "+", denies: "-", audit: "~", transition: "~" } as const;
  const [first] = witnesses;
  const shown = witnesses.slice(0, maxExamples).map((witness): Change => ({ sign: sign[witness.change], text: witness.message }));
  const more = witnesses.length - shown.length;
  return more > 0 ? [...shown, { sign: sign[first!.change], text: `and ${more} more like these (${first!.class})` }] : shown;
}

/** The includes of a node as far as it was asked, and what remains to be asked. */
function includesOf(answers: Answers) {
  const open = new Map<string, Request>();
  let asked = 0;
  let lost: string | undefined;
  const read = (pattern: string): Record<string, string> => {
    const request: Request = { ask: "files", pattern };
    asked++;
    if (answers.asked(request)) return answers.files(pattern);
    open.set(pattern, request);
    return {};
  };
  const fileOf = (file: string, bytes: string): IncludedFile => {
    const text = utf8Of(bytes);
    // the compiler reads bytes: two that are none of UTF-8 must not look the same
    if (text === undefined) lost = "an include is not UTF-8";
    return { file, text: text ?? "" };
  };
  const include: Includes = (path, { magic }) => {
    const location = magic ? `${root}/${path}` : path;
    // a pattern would read other files; a relative path depends on where the compiler is started
    if (!/^\/[\w./+@:-]+$/.test(location) || location.includes("/../")) {
      lost = `an include is looked for elsewhere than in ${root}`;
      return undefined;
    }
    const file = read(location)[location];
    if (file !== undefined) return fileOf(location, file);
    const entries = Object.entries(read(`${location}/*`)).filter(([name]) => !isSkipped(name.slice(location.length + 1)));
    // absent and an empty directory are the same to `include if exists`
    if (entries.length === 0) return undefined;
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => fileOf(name, text));
  };
  const missing = (): string | undefined => {
    if (lost) return lost;
    return open.size > 0 ? "the includes of the node were not read" : undefined;
  };
  return { include, open: () => [...open.values()], asked: () => asked, missing };
}

/** What bytes (latin1) say as UTF-8; undefined where they are none. */
function utf8Of(bytes: string): string | undefined {
  const text = fromBytes(bytes);
  return toBytes(text) === bytes ? text : undefined;
}
