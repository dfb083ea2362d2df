import { refuse } from "./check.js";

/** What a file rule grants beside execution: read, write, append, lock, link, map executable. */
export type FilePermission = "r" | "w" | "a" | "l" | "k" | "m";

/** Permissions as a literal, or what is wrong with them. A `string` is checked when the program runs. */
export type FilePermissions<P extends string> = Checked<P, FilePermission, "x needs a mode: use exec(path, mode)">;

/** Likewise for denials, where `x` stands alone. */
export type DeniedPermissions<P extends string> = Checked<P, FilePermission | "x", never>;

type Checked<P extends string, Known extends string, OnX> = string extends P
  ? P
  : P extends ""
    ? "at least one of r, w, a, l, k, m"
    : [Fault<P, Known, OnX>] extends [never]
      ? P
      : Fault<P, Known, OnX>;

type Fault<P extends string, Known extends string, OnX> = P extends `${string}w${string}`
  ? P extends `${string}a${string}`
    ? "w includes a"
    : LetterFault<P, Known, OnX>
  : LetterFault<P, Known, OnX>;

type LetterFault<P extends string, Known extends string, OnX, Seen extends string = never> = P extends `${infer First}${infer Rest}`
  ? First extends Seen
    ? `${First} is there twice`
    : First extends Known
      ? LetterFault<Rest, Known, OnX, Seen | First>
      : First extends "x"
        ? OnX
        : `${First} is none of r, w, a, l, k, m`
  : never;

const order = "rwalkm";

/** Permissions in the order that the tree has them; `x` apart. */
export function permissionsOf(text: string, allowX: boolean, where: string): { permissions: string; x: boolean } {
  if (typeof text !== "string" || text === "") refuse(where, "must be a string of at least one of r, w, a, l, k, m");
  for (const [at, letter] of [...text].entries()) {
    if (letter === "x" && !allowX) refuse(where, `${JSON.stringify(text)}: x needs a mode, use exec(path, mode)`);
    if (letter !== "x" && !order.includes(letter)) refuse(where, `${JSON.stringify(text)}: ${letter} is none of r, w, a, l, k, m`);
    if (text.indexOf(letter) !== at) refuse(where, `${JSON.stringify(text)}: ${letter} is there twice`);
  }
  if (text.includes("w") && text.includes("a")) refuse(where, `${JSON.stringify(text)}: w includes a`);
  return { permissions: [...order].filter((letter) => text.includes(letter)).join(""), x: text.includes("x") };
}
