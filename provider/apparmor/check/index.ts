import type { Diagnostic } from "../diagnostics.js";
import type { Language } from "../language.js";
import { resolve } from "../resolve/resolve.js";
import type { Includes, Resolved } from "../resolve/types.js";
import { parse, type Document } from "../syntax/index.js";
import { maxErrors } from "../syntax/cursor.js";
import { diagnosticAt } from "../syntax/source.js";
import { compiledOf } from "./compiled.js";
import { checkProfiles } from "./profiles.js";
import { checkRules } from "./rules.js";

export { checkProfiles } from "./profiles.js";
export { checkRules } from "./rules.js";

export interface CheckOptions {
  /** finds included files; default: nothing is found */
  include?: Includes;
  /** of a text; a document has its own. Default: 4.1 */
  language?: Language;
  /** what diagnostics call a text */
  file?: string;
}

export interface Checked {
  resolved: Resolved;
  /** those of the text first, then those of each include; within a file in the order of the text */
  diagnostics: Diagnostic[];
}

/**
 * Everything that apparmor_parser refuses in a profile file and what it includes; only that is an `error`. Warnings are
 * about what it accepts and does not do.
 *
 * Never throws. At most 200 errors and as many warnings.
 */
export function check(input: string | Document, options: CheckOptions = {}): Checked {
  const { language, file, include } = options;
  const document = typeof input === "string" ? parse(input, { ...(language && { language }), ...(file !== undefined && { file }) }) : input;
  const resolved = resolve(document, { ...(include && { include }), language: document.language });
  const isCompiled = compiledOf(resolved);
  const found = [...resolved.documents.flatMap((one) => checkRules(one, (node) => isCompiled(one, node))), ...resolved.diagnostics];
  // Conflicts between rules are looked for once each rule is right, as the compiler does.
  const clean = found.every(({ severity }) => severity !== "error");
  const diagnostics = onePerPlace([...found, ...checkProfiles(resolved, { conflicts: clean })]);
  return { resolved, diagnostics: atMost(resolved, inOrder(resolved, diagnostics)) };
}

/** So many errors, and so many warnings, are told; behind more nobody reads on. */
function atMost({ documents }: Resolved, diagnostics: Diagnostic[]): Diagnostic[] {
  if (diagnostics.length < maxErrors) return diagnostics;
  const left = { error: maxErrors - 1, warning: maxErrors };
  const kept = diagnostics.filter(({ severity }) => left[severity]-- > 0);
  if (left.error >= 0 || kept.some(({ code }) => code === "too-many-errors")) return kept;
  const last = kept.findLast(({ severity }) => severity === "error")!;
  const source = documents.find(({ file }) => file === last.file) ?? documents[0]!;
  const end = { start: last.span.end, end: last.span.end };
  return [
    ...kept,
    diagnosticAt(source, end, {
      code: "too-many-errors",
      message: "too many errors: the others are left out",
      hint: "mend the first ones",
    }),
  ];
}

/** A namespace without an end is an error of the name and of the profile: the first to tell is enough. */
function onePerPlace(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ severity, file, span }) => {
    const key = `${severity} ${span.start} ${span.end} ${file}`;
    return !seen.has(key) && seen.add(key);
  });
}

function inOrder({ documents }: Resolved, diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const places = new Map([...documents].reverse().map(({ file }, at) => [file, -at]));
  const place = ({ file }: Diagnostic): number => places.get(file) ?? 0;
  return [...diagnostics].sort((a, b) => place(a) - place(b) || a.span.start - b.span.start);
}
