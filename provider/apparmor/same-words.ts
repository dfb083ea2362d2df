import type { Statement } from "./ast.js";
import { changeAll } from "./print/bodies.js";
import { print } from "./print/print.js";
import { parse } from "./syntax/index.js";

/** Whether two texts say the same in the same words: but for layout, comments, and the order of rules where it means nothing. */
export function sameWords(a: string, b: string): boolean {
  const documents = [a, b].map((text) => parse(text, { language: "5.0" }));
  if (documents.some(({ errors }) => errors.length > 0)) return a === b;
  const [one, two] = documents.map(({ statements }) => print(withoutComments(statements)));
  return one === two;
}

function withoutComments(statements: readonly Statement[]): Statement[] {
  return changeAll(statements, (list) => list.filter(({ kind }) => kind !== "comment"));
}
