import type { Span } from "./ast.js";

/** A stable, kebab-case name of one way in which a text is wrong; `docs/errors.md` lists them. */
export type DiagnosticCode = string;

/** One thing that is wrong with a text, and where. */
export interface Diagnostic {
  code: DiagnosticCode;
  /** `error`: apparmor_parser refuses the text */
  severity: "error" | "warning";
  message: string;
  /** what to do */
  hint?: string;
  /** the file that the caller named, or the include */
  file?: string;
  span: Span;
  /** 1-based */
  line: number;
  /** 1-based, in UTF-16 units */
  column: number;
  /** the line with a caret below */
  snippet: string;
}
