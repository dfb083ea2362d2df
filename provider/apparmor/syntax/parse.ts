import { defaultLanguage, type Language } from "../language.js";
import type { Cursor } from "./cursor.js";
import type { Document } from "./document.js";
import { statements, type Place } from "./statements.js";
import { take } from "./cursor.js";

export interface ParseOptions {
  /** what errors call the text */
  file?: string;
  /** default: 4.1 */
  language?: Language;
  /**
   * Where the text stands; default `file`.
   *
   * `file`: a whole file, or one that is included outside profiles: preamble, then profiles. `body`: one that is included
   * within a profile's braces: rules, hats and child profiles. `fragment`: either, when nothing is known of its includers: an
   * included file may hold statements of the preamble or rules.
   */
  context?: Place;
}

/**
 * Read a text in the language of AppArmor profiles, apparmor.d(5), as apparmor_parser does.
 *
 * Never throws: what is wrong is in `errors`, at most 200 of them. Time is linear in the length of the text; braces nest
 * 200 levels deep at most.
 */
export function parse(text: string, options: ParseOptions = {}): Document {
  const language = options.language ?? defaultLanguage;
  const tree: Document["tree"] = { kind: "file", start: 0, end: text.length, children: [] };
  const document: Document = { text, ...(options.file !== undefined && { file: options.file }), language, statements: [], errors: [], tree };
  const cursor: Cursor = { text, document, language, at: 0, node: tree, last: 0, begun: false, comments: [], depth: 0, cut: false };
  document.statements = statements(cursor, options.context ?? "file");
  if (cursor.at < text.length) take(cursor, text.length, "unknown");
  document.errors.sort((a, b) => a.span.start - b.span.start);
  return document;
}
