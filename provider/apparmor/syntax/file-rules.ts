import type { FileRule, LinkRule, Qualifiers, Word } from "../ast.js";
import { fail, skipSpace, take, takeWord, type Cursor } from "./cursor.js";
import { endRule, nameAt, unexpected } from "./expect.js";
import { peek, type Lexeme } from "./initial.js";
import { readPermissions, type Permissions } from "./permissions.js";

/** A path: a name that begins like one, or a variable. */
export function path(cursor: Cursor, wanted = "a path"): Word {
  const { kind, end } = peek(cursor);
  if (kind === "id" || kind === "set") return takeWord(cursor, end);
  return unexpected(cursor, wanted);
}

/** `-> name`, if it is there. */
export function arrow(cursor: Cursor): Word | undefined {
  const { kind, end } = peek(cursor);
  if (kind !== "->") return undefined;
  take(cursor, end, "punctuation");
  skipSpace(cursor);
  const nameEnd = nameAt(cursor.text, cursor.at);
  return nameEnd === cursor.at ? unexpected(cursor, "a name after `->`") : takeWord(cursor, nameEnd);
}

function permissions(cursor: Cursor, lexeme: Lexeme, path?: string): Permissions {
  const start = cursor.at;
  if (lexeme.kind === "mode") {
    take(cursor, lexeme.end, "word");
    return readPermissions(cursor, { start, end: lexeme.end });
  }
  const braced = path?.endsWith("{") ? "a blank is missing before `{`" : undefined;
  if (lexeme.kind === "id" ? /^[a-z]+$/i.test(lexeme.word) : /^(?:read|write|open|delete|all|link)$/.test(lexeme.word)) {
    return fail(cursor, { start, end: lexeme.end }, {
      code: "bad-permissions",
      message: `\`${lexeme.word}\` are no permissions of a file`,
      hint: "those are r w a l k m and, for programs, ix px Px cx Cx ux Ux pix Pix cix Cix pux PUx cux CUx; x alone in deny rules",
    });
  }
  return unexpected(cursor, "permissions after the path", braced ?? "as in `/path rw,`");
}

/** From the path, the permissions or the `file` keyword on. */
export function fileRule(cursor: Cursor, qualifiers: Qualifiers, lexeme: Lexeme): FileRule {
  const rule: FileRule = { kind: "file", qualifiers, permissions: "" };
  if (lexeme.word === "file") {
    take(cursor, lexeme.end, "keyword");
    rule.keyword = true;
    lexeme = peek(cursor);
    if (lexeme.kind === ",") {
      take(cursor, lexeme.end, "punctuation");
      return { ...rule, permissions: "rwlkm", exec: "ix" };
    }
  }
  if (lexeme.word === "safe" || lexeme.word === "unsafe") {
    rule.environment = lexeme.word;
    take(cursor, lexeme.end, "keyword");
    lexeme = peek(cursor);
  }
  if (lexeme.kind === "mode") {
    Object.assign(rule, permissions(cursor, lexeme), { leading: true });
    const next = peek(cursor);
    if (next.word === "subset") {
      take(cursor, next.end, "keyword");
      rule.subset = true;
    }
    rule.path = path(cursor, "a path after the permissions");
  } else {
    rule.path = path(cursor, rule.keyword ? "a path or `,` after `file`" : "a path");
    Object.assign(rule, permissions(cursor, peek(cursor), rule.path.value));
  }
  const target = arrow(cursor);
  if (target) rule.target = target;
  endRule(cursor, "rule");
  return rule;
}

/** `link subset /a -> /b,` */
export function linkRule(cursor: Cursor, qualifiers: Qualifiers, lexeme: Lexeme): LinkRule {
  take(cursor, lexeme.end, "keyword");
  const next = peek(cursor);
  const subset = next.word === "subset";
  if (subset) take(cursor, next.end, "keyword");
  const from = path(cursor);
  const target = arrow(cursor) ?? unexpected(cursor, "`-> target` in the link rule");
  endRule(cursor, "link rule");
  return { kind: "link", qualifiers, subset, path: from, target };
}
