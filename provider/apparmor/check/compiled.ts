import type { Node } from "../ast.js";
import type { Resolved, ResolvedProfile, ResolvedRule } from "../resolve/types.js";
import type { Document } from "../syntax/document.js";

/** Whether a rule or a profile of a document is compiled. */
export type IsCompiled = (document: Document, node: Node) => boolean;

/**
 * What is left once conditionals are decided and blocks have dropped rules: the compiler reads everything, and compiles the
 * globs of that only.
 */
export function compiledOf({ profiles, vacuous }: Resolved): IsCompiled {
  // The globs of a fragment that is checked alone are looked at as well.
  if (profiles.length === 0) return () => true;
  const starts = new Map<Document, Set<number>>();
  const add = (document: Document, { span }: Node): void => {
    let known = starts.get(document);
    if (!known) starts.set(document, (known = new Set()));
    if (span) known.add(span.start);
  };
  const addRule = ({ document, rule }: ResolvedRule): void => add(document, rule);
  const visit = (profile: ResolvedProfile): void => {
    add(profile.document, profile.profile);
    profile.rules.forEach(addRule);
    profile.children.forEach(visit);
  };
  profiles.forEach(visit);
  vacuous?.forEach(addRule);
  return (document, { span }) => span === undefined || starts.get(document)?.has(span.start) === true;
}
