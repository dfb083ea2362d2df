import type { Profile, Statement } from "../ast.js";
import { check, checkRules } from "../check/index.js";
import type { Diagnostic } from "../diagnostics.js";
import { changeAll } from "../print/bodies.js";
import type { Document } from "../syntax/index.js";

/** One error at a place is enough, those of the grammar first. */
function errorsOf(document: Document, more: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return [...document.errors, ...more]
    .filter(({ severity, span }) => severity === "error" && !seen.has(`${span.start} ${span.end}`) && seen.add(`${span.start} ${span.end}`))
    .sort((a, b) => a.span.start - b.span.start);
}

/** What the compiler refuses in text that stands within a profile, as far as the text itself shows it. */
export function refusedInBody(document: Document): Diagnostic[] {
  // the checks go by profiles
  const around: Profile = { kind: "profile", keyword: "profile", name: { value: "raw" }, flags: [], body: document.statements };
  return errorsOf(document, checkRules({ ...document, statements: [around] }));
}

/**
 * What the compiler refuses in a whole text, whatever its includes hold. Exec rules that contradict each other are looked
 * for only where nothing is included: an included rule may decide before both.
 */
export function refusedInText(document: Document): Diagnostic[] {
  const own = errorsOf(document, checkRules(document));
  if (own.length > 0 || hasIncludes(document.statements)) return own;
  // what is asked for here is the abi alone
  const { diagnostics } = check(document, { include: () => ({ file: "", text: "" }) });
  return diagnostics.filter(({ code }) => code === "exec-conflict");
}

function hasIncludes(statements: readonly Statement[]): boolean {
  let found = false;
  changeAll(statements, (body) => {
    found ||= body.some(({ kind }) => kind === "include");
    return [...body];
  });
  return found;
}
