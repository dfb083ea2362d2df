import type { ExecMode, Span } from "../ast.js";
import { execMode } from "../names/exec.js";
import { report, type Cursor } from "./cursor.js";

/** What the letters behind a path (or before it) grant. */
export interface Permissions {
  permissions: string;
  exec?: ExecMode;
}

const order = "rwalkm";
const pieces = /[pc]?[iu]?x|./gi;

/** Read letters of permissions, which may come in any order and case, each more than once. */
export function readPermissions(cursor: Cursor, span: Span): Permissions {
  const letters = new Set<string>();
  let exec: ExecMode | undefined;
  for (const [piece] of cursor.text.slice(span.start, span.end).matchAll(pieces)) {
    const mode = execMode(piece);
    if (!mode) letters.add(piece.toLowerCase());
    // an `x` alone adds nothing to a mode, and `ix` may follow it
    else if (exec === undefined || (exec === "x" && mode === "ix")) exec = mode;
    else if (mode !== exec && mode !== "x") {
      conflict(cursor, span, exec, mode);
      if (exec === "x") exec = mode;
    }
  }
  if (letters.has("a") && letters.has("w")) {
    report(cursor, span, {
      code: "append-and-write",
      message: "`a` and `w` exclude one another",
      hint: "`w` allows to append too: leave out the `a`",
    });
    letters.delete("a");
  }
  return { permissions: [...order].filter((letter) => letters.has(letter)).join(""), ...(exec && { exec }) };
}

function conflict(cursor: Cursor, span: Span, one: ExecMode, other: ExecMode): void {
  report(cursor, span, {
    code: "exec-modes-in-rule",
    message: `\`${one}\` and \`${other}\` exclude one another`,
    hint: "a rule says one way in which the program is run",
  });
}
