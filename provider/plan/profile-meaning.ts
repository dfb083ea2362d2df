import type { IncludedFile, Includes, Resolved } from "../apparmor/resolve/types.js";
import { compareFiles, GlobError, LimitError, type FileComparison, type ProfileComparison, type Witness } from "../apparmor/policy/index.js";
import { ResolveError } from "../apparmor/resolve/error.js";
import { resolve } from "../apparmor/resolve/index.js";
import { isSkipped } from "../apparmor/skipped.js";
import { parse } from "../apparmor/syntax/index.js";
import type { Change } from "./kind.js";
import type { Answers, Request } from "./steps.js";

const root = "/etc/apparmor.d";

/** More than any profile includes; a node that names new files for ever must not keep us. */
const maxFiles = 1000;

/** The questions about included files that are still open before the texts can be compared. */
export function openIncludes(texts: readonly string[], answers: Answers): Request[] {
  const node = includesOf(answers);
  for (const text of new Set(texts)) resolve(parse(text), { include: node.include });
  return node.asked() > maxFiles ? [] : node.open();
}

/** What `b` means, seen from `a`; undefined where that can't be told: errors in a text, an include that wasn't read. */
export function compareTexts(a: string, b: string, answers: Answers): FileComparison | undefined {
  // a plan asks several times
  const known = comparisons.get(answers) ?? new Map<string, FileComparison | undefined>();
  comparisons.set(answers, known);
  const key = JSON.stringify([a, b]);
  if (!known.has(key)) known.set(key, compareAnew(a, b, answers));
  return known.get(key);
}

const comparisons = new WeakMap<Answers, Map<string, FileComparison | undefined>>();

function compareAnew(a: string, b: string, answers: Answers): FileComparison | undefined {
  const node = includesOf(answers);
  const [one, two] = [a, b].map((text) => resolve(parse(text), { include: node.include })) as [Resolved, Resolved];
  if (node.open().length > 0 || node.isLost() || [one, two].some(isBroken) || abis(one) !== abis(two)) return undefined;
  try {
    return compareFiles(one, two);
  } catch (error) {
    if (error instanceof LimitError || error instanceof GlobError || error instanceof ResolveError) return undefined;
    throw error;
  }
}

/** A comparison as lines: what is allowed then (`+`), what no longer is (`-`), and what changes otherwise (`~`). */
export function linesOf({ profiles }: FileComparison): Change[] {
  const changed = profiles.filter(({ change }) => change !== "equal");
  return changed.flatMap((profile) => {
    const lines = linesOfProfile(profile);
    return profiles.length === 1 ? lines : lines.map(({ sign, text }) => ({ sign, text: `${profile.name}: ${text}` }));
  });
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

const isBroken = ({ diagnostics }: Resolved): boolean => diagnostics.some(({ severity }) => severity === "error");

/** The feature sets that the texts ask for: they decide what of the rules counts. */
function abis({ documents }: Resolved): string {
  const paths = documents.flatMap(({ statements }) => statements.flatMap((statement) => (statement.kind === "abi" ? [statement.path.value] : [])));
  return paths.join("\n");
}

/** The includes of a node as far as it was asked, and what remains to be asked. */
function includesOf(answers: Answers) {
  const open = new Map<string, Request>();
  let asked = 0;
  let lost = false;
  const read = (pattern: string): Record<string, string> => {
    const request: Request = { ask: "files", pattern };
    asked++;
    if (answers.asked(request)) return answers.files(pattern);
    open.set(pattern, request);
    return {};
  };
  const include: Includes = (path, { magic }) => {
    const location = magic ? `${root}/${path}` : path;
    // a pattern would read other files; a relative path depends on where the compiler is started
    if (!/^\/[\w./+@:-]+$/.test(location) || location.includes("/../")) {
      lost = true;
      return undefined;
    }
    const file = read(location)[location];
    if (file !== undefined) return fileOf(location, file);
    const entries = Object.entries(read(`${location}/*`)).filter(([name]) => !isSkipped(name.slice(location.length + 1)));
    // absent and an empty directory are the same to `include if exists`
    if (entries.length === 0) return undefined;
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => fileOf(name, text));
  };
  return { include, open: () => [...open.values()], asked: () => asked, isLost: () => lost };
}

const fileOf = (file: string, bytes: string): IncludedFile => ({ file, text: Buffer.from(bytes, "latin1").toString("utf8") });
