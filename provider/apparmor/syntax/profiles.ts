import type { Condition, Profile, Word } from "../ast.js";
import { abandoned, fail, report, take, takeWord, type Cursor } from "./cursor.js";
import { found, nameAt, skipBlanks, unexpected } from "./expect.js";
import { peek, type Lexeme } from "./initial.js";
import { conditions, nonEmptyList, condition } from "./lists.js";
import { recover } from "./recover.js";
import { braces, opened } from "./statements.js";

/** The name behind `profile`, `hat` or `^`, on the same line. */
function profileName(cursor: Cursor, keyword: Profile["keyword"]): Word {
  if (keyword !== "^") skipBlanks(cursor);
  const end = nameAt(cursor.text, cursor.at);
  if (end === cursor.at) unexpected(cursor, `a name after \`${keyword}\``, "it stands on the same line");
  return takeWord(cursor, end);
}

interface Header {
  attachment?: Word;
  xattrs?: Condition[];
  flags: Word[];
}

const order = "a header is `profile name /attachment xattrs=(…) flags=(…) {`, in this order";

function header(cursor: Cursor, name: Word): Header {
  const result: Header = { flags: [] };
  let stage = 0;
  for (let next = peek(cursor); next.kind !== "{"; next = peek(cursor)) {
    if ((next.kind === "id" || next.kind === "set") && stage < 1) {
      result.attachment = takeWord(cursor, next.end);
      stage = 1;
    } else if (next.kind === "conditions" && stage < 2) {
      result.xattrs = group(cursor, next);
      stage = 2;
    } else if (next.kind === "(" && stage < 3) {
      result.flags = nonEmptyList(cursor);
      stage = 3;
    } else if (next.kind === "condition" && stage < 3) {
      result.flags = flags(cursor, next);
      stage = 3;
    } else missingBrace(cursor, name, result, stage, next);
  }
  return result;
}

function group(cursor: Cursor, next: Lexeme): Condition[] {
  const { name, conditions: found } = conditions(cursor, next.end);
  if (name.value !== "xattrs") {
    report(cursor, name.span!, { code: "unknown-condition", message: `\`${name.value}=(…)\` is no condition of a profile` });
  }
  return found;
}

function flags(cursor: Cursor, next: Lexeme): Word[] {
  const name = cursor.text.slice(cursor.at, next.end);
  const { span, operator, values } = condition(cursor, next.end);
  const list = cursor.text.charAt(cursor.last - 1) === ")";
  if (name !== "flags" || operator !== "=" || !list) {
    fail(cursor, span!, {
      code: "bad-header",
      message: name === "flags" ? "flags stand in parentheses" : `\`${name}\` is no part of a profile's header`,
      hint: name === "flags" ? `write \`flags=(${values[0]?.value ?? "complain"})\`` : order,
    });
  }
  return values;
}

function missingBrace(cursor: Cursor, name: Word, { attachment }: Header, stage: number, next: Lexeme): never {
  const last = stage > 1 ? undefined : (attachment ?? name);
  if (last?.value.endsWith("{")) {
    fail(cursor, { start: last.span!.end - 1, end: last.span!.end }, {
      code: "brace-in-name",
      message: last.value === "{" ? "no name stands before this `{`" : `this \`{\` is part of the name \`${last.value}\``,
      hint: last.value === "{" ? "write `profile name {`" : "write a blank before `{`",
    });
  }
  const { span, what } = found(cursor);
  const misplaced = next.kind === "id" || next.kind === "set" || next.kind === "conditions" || next.kind === "condition" || next.kind === "(";
  return fail(cursor, span, { code: "bad-header", message: `expected \`{\` in the profile's header, found ${what}`, ...(misplaced && { hint: order }) });
}

/** The header. Behind one that is wrong the body is read all the same; `open` is where its `{` stands, if that is taken already. */
function headerOrWhatIsLeft(cursor: Cursor, name: Word): { header: Header; open?: number } {
  try {
    return { header: header(cursor, name) };
  } catch (error) {
    if (error !== abandoned) throw error;
    const last = cursor.last - 1;
    if (cursor.text.charAt(last) === "{") return { header: { flags: [] }, open: last };
    recover(cursor, cursor.at);
    if (cursor.text.charAt(cursor.at) !== "{") throw error;
    return { header: { flags: [] } };
  }
}

/** `profile x { … }` and its kin; the cursor stands on the keyword, or on the path that introduces it. */
export function profile(cursor: Cursor, lexeme: Lexeme): Profile {
  const start = cursor.at;
  const keyword = lexeme.kind === "profile" || lexeme.kind === "hat" || lexeme.kind === "^" ? lexeme.kind : "";
  if (keyword) take(cursor, lexeme.end, "keyword");
  const name = keyword ? profileName(cursor, keyword) : takeWord(cursor, lexeme.end);
  const found = headerOrWhatIsLeft(cursor, name);
  const { attachment, xattrs, flags } = found.header;
  const outer = cursor.comments;
  cursor.comments = [];
  const body = found.open === undefined ? braces(cursor) : opened(cursor, found.open);
  cursor.comments = outer;
  const span = { start, end: cursor.last };
  return { kind: "profile", keyword, name, ...(attachment && { attachment }), ...(xattrs && { xattrs }), flags, body, span };
}
