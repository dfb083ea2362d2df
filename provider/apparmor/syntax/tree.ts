import type { Statement } from "../ast.js";

/** What a token is: trivia (blank, newline, comment) or something that the grammar speaks of. */
export type TokenKind = "blank" | "newline" | "comment" | "word" | "keyword" | "punctuation" | "unknown";

/** A piece of the text; `end` is exclusive. */
export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
}

/**
 * A node of the concrete tree. Its children, in order, are every character from `start` to `end`: blanks, comments and what
 * no rule of the grammar takes (within nodes of kind `error`) as well.
 */
export interface TreeNode {
  kind: "file" | "error" | Statement["kind"];
  start: number;
  end: number;
  children: (TreeNode | Token)[];
  /** what it means; absent in `file` and `error` */
  statement?: Statement;
}

/** Tokens have no children. */
export function isToken(child: TreeNode | Token): child is Token {
  return !("children" in child);
}

/** The tokens below a node, in order. */
export function* tokensOf(node: TreeNode): Generator<Token> {
  for (const child of node.children) {
    if (isToken(child)) yield child;
    else yield* tokensOf(child);
  }
}
