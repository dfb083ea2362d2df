export * from "./document.js";
export { parse, type ParseOptions } from "./parse.js";
export { diagnosticAt, positionAt, snippetOf, type Finding, type Position, type Source } from "./source.js";
export { isToken, tokensOf, type Token, type TokenKind, type TreeNode } from "./tree.js";
