import type { Statement } from "../ast.js";
import type { Diagnostic } from "../diagnostics.js";
import type { Language } from "../language.js";
import type { Source } from "./source.js";
import { tokensOf, type TreeNode } from "./tree.js";

/** A text as the parser understands it. Invalid texts have one too: what could be understood, and `errors`. */
export interface Document extends Source {
  text: string;
  file?: string;
  language: Language;
  /** In the order of the text. A comment within a statement stands before it; one behind `{` is the first of the body. */
  statements: Statement[];
  /** What the grammar does not take; what single rules may not say is `checkRules`'s. In the order of the text. */
  errors: Diagnostic[];
  /** every character of the text */
  tree: TreeNode;
}

/** The text of a document, put together from its concrete tree. */
export function print(document: Document): string {
  let text = "";
  for (const token of tokensOf(document.tree)) text += document.text.slice(token.start, token.end);
  return text;
}
