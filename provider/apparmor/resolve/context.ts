import type { Span } from "../ast.js";
import { defaultLanguage, type Language } from "../language.js";
import type { Document } from "../syntax/document.js";
import { diagnosticAt, positionAt, type Finding } from "../syntax/source.js";
import { ResolveError } from "./error.js";
import { emptySymbols, type Symbols } from "./symbols.js";
import type { Includes, Resolved, ResolvedRule, ResolveOptions } from "./types.js";

/** What one run of the resolver knows and collects. */
export interface Context {
  include: Includes;
  language: Language;
  symbols: Symbols;
  result: Resolved;
  /** by name and text, so that a file included a hundred times is parsed once */
  parsed: Map<string, Document>;
  /** the names of outermost profiles */
  names: Set<string>;
  /** a profile was seen: the preamble is over */
  started: boolean;
  /** files included so far */
  opened: number;
  /** include statements, by file and place, that were told to bring what does not belong there */
  misplaced: Set<string>;
}

/** Where the resolver is. */
export interface Place {
  document: Document;
  via: ResolvedRule["via"];
  /** what this block has included: a second time is passed over */
  included: Set<string>;
}

export function newContext(options: ResolveOptions): Context {
  return {
    include: options.include ?? (() => undefined),
    language: options.language ?? defaultLanguage,
    symbols: emptySymbols(),
    result: { profiles: [], aliases: [], documents: [], diagnostics: [] },
    parsed: new Map(),
    names: new Set(),
    started: false,
    opened: 0,
    misplaced: new Set(),
  };
}

/** Adds an error or a warning about a place, unless the parser has one there. */
export function report(context: Context, place: Place, span: Span | undefined, finding: Finding): void {
  if (span && place.document.errors.some((error) => error.span.start === span.start)) return;
  const message = finding.message + chain(place);
  context.result.diagnostics.push(diagnosticAt(place.document, span ?? { start: 0, end: 0 }, { ...finding, message }));
}

/** Does something that may throw a ResolveError, and reports that. */
export function attempt<T>(context: Context, place: Place, span: Span | undefined, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ResolveError)) throw error;
    const { code, message, hint } = error;
    report(context, place, span, { code, message, ...(hint !== undefined && { hint }) });
    return undefined;
  }
}

/**
 * Reports what does not belong where an include brings it: once, at the include statement of `owner`, which is what has
 * to move. What no include brings is told where it stands.
 */
export function reportMisplaced(context: Context, place: Place, owner: Document, span: Span | undefined, finding: Finding): void {
  const step = place.via.findIndex(({ document }) => document === owner);
  const via = place.via[step];
  if (!via) return report(context, place, span, finding);
  const key = `${place.via
    .slice(0, step + 1)
    .map(({ document, start }) => `${document.file}:${start}`)
    .join()}`;
  if (context.misplaced.has(key)) return;
  context.misplaced.add(key);
  const { file } = place.document;
  const line = positionAt(place.document, span?.start ?? 0).line;
  const end = owner.text.slice(via.start).search(/\r?\n|$/) + via.start;
  const message = `${finding.message}, by ${file ?? "the included file"}:${line}`;
  report(
    context,
    { document: owner, via: place.via.slice(0, step), included: place.included },
    { start: via.start, end },
    { ...finding, message },
  );
}

/** The includes that led to a place, the nearest first. */
export function chain({ via }: Pick<Place, "via">): string {
  if (via.length === 0) return "";
  const steps = via.slice(-10).map(({ document, start }) => `${document.file ?? "the profile"}:${positionAt(document, start).line}`);
  return ` (included from ${steps.reverse().join(", from ")}${via.length > 10 ? ", …" : ""})`;
}
