import type { Block, Comment, Profile, Statement } from "../ast.js";
import { supports } from "../language.js";
import { blanksEnd } from "./chars.js";
import { conditional } from "./conditionals.js";
import { abandoned, fail, maxErrors, report, skipTrivia, take, within, type Cursor } from "./cursor.js";
import { lex, type Lexeme } from "./initial.js";
import { abi, alias, assignment, booleanAssignment, include } from "./preamble.js";
import { profile } from "./profiles.js";
import { readQualifiers } from "./qualifiers.js";
import { recover } from "./recover.js";
import { ruleOf } from "./rules.js";

/** Braces deeper than this are refused, as is anything else that nests. */
export const maxDepth = 200;

/** Where a statement stands: `file` at the outside, `body` within braces, `fragment` where anything may stand. */
export type Place = "file" | "body" | "fragment";

/** Statements up to `}` or the end of the text. */
export function statements(cursor: Cursor, place: Place): Statement[] {
  const list: Statement[] = [];
  const stray = { rule: false, profile: false };
  for (;;) {
    skipTrivia(cursor, list as Comment[]);
    const start = cursor.at;
    if (start >= cursor.text.length) return list;
    if (cursor.depth > 0 && cursor.text.charAt(start) === "}") return list;
    if (cursor.document.errors.length >= maxErrors) {
      take(cursor, cursor.text.length, "unknown");
      cursor.cut = true;
      return list;
    }
    try {
      const statement = within(cursor, "comment", () => one(cursor, place, stray) as Comment) as Statement;
      for (const comment of cursor.comments.splice(0)) list.push(comment);
      list.push(statement);
    } catch (error) {
      if (error !== abandoned) throw error;
      cursor.comments.length = 0;
      recover(cursor, start);
    }
  }
}

/** `{ … }`; the cursor stands on the `{`. */
export function braces(cursor: Cursor): Statement[] {
  take(cursor, cursor.at + 1, "punctuation");
  return opened(cursor, cursor.at - 1);
}

/** What stands behind a `{` at `open`, up to the `}` and with it. */
export function opened(cursor: Cursor, open: number): Statement[] {
  if (cursor.depth >= maxDepth) {
    report(cursor, { start: open, end: open + 1 }, { code: "too-deep", message: `braces are nested more than ${maxDepth} levels deep` });
    take(cursor, cursor.text.length, "unknown");
    cursor.cut = true;
    return [];
  }
  cursor.depth++;
  const body = statements(cursor, "body");
  cursor.depth--;
  if (cursor.at < cursor.text.length) take(cursor, cursor.at + 1, "punctuation");
  else if (!cursor.cut) {
    report(cursor, { start: open, end: open + 1 }, { code: "unclosed-brace", message: "no `}` closes this `{`" });
    // one of several is enough
    cursor.cut = true;
  }
  return body;
}

/** What has been said of this file already. */
interface Stray {
  rule: boolean;
  profile: boolean;
}

function one(cursor: Cursor, place: Place, stray: Stray): Statement {
  const start = cursor.at;
  const lexeme = lex(cursor.text, start);
  const statement = dispatch(cursor, lexeme, place, stray);
  statement.span = { start, end: cursor.last };
  return statement;
}

const isHeader = (cursor: Cursor, lexeme: Lexeme): boolean => lex(cursor.text, blanksEnd(cursor.text, lexeme.end)).kind === "{";

function dispatch(cursor: Cursor, lexeme: Lexeme, place: Place, stray: Stray): Statement {
  switch (lexeme.kind) {
    case "include":
      return include(cursor, lexeme.end);
    case "profile":
    case "hat":
    case "^":
      stray.profile = true;
      return profile(cursor, lexeme);
    case "bool":
      outside(cursor, lexeme, place, stray, "variables are assigned");
      return booleanAssignment(cursor, lexeme.end);
    case "set":
      if (place === "file" || /^\s*[+?]?=/.test(cursor.text.slice(lexeme.end, lexeme.end + 80))) {
        outside(cursor, lexeme, place, stray, "variables are assigned");
        return assignment(cursor, lexeme.end);
      }
      break;
    case "id":
      if (place !== "body" && !isFileRule(cursor, lexeme)) {
        const variable = supports(cursor.language, "5.0") ? conditionalAssignment(cursor) : undefined;
        if (variable !== undefined) {
          outside(cursor, lexeme, place, stray, "variables are assigned");
          return assignment(cursor, variable);
        }
        stray.profile = true;
        return unnamed(cursor, lexeme);
      }
      if (place === "body" && isHeader(cursor, lexeme)) return childWithoutKeyword(cursor, lexeme);
      break;
    case "keyword":
      if (lexeme.word === "abi" || lexeme.word === "alias" || lexeme.word === "rewrite") {
        if (lexeme.word !== "abi" || place !== "body") outside(cursor, lexeme, place, stray, lexeme.word === "abi" ? "the abi is named" : "aliases are declared");
        return lexeme.word === "abi" ? abi(cursor, lexeme.end) : alias(cursor, lexeme.end);
      }
      if (lexeme.word === "if") {
        rulesBelong(cursor, lexeme, place, stray);
        return conditional(cursor, lexeme.end);
      }
      break;
    case "}":
      return fail(cursor, { start: cursor.at, end: lexeme.end }, { code: "stray-brace", message: "no `{` is open here that this `}` could close" });
    default:
  }
  rulesBelong(cursor, lexeme, place, stray);
  const { qualifiers, next } = readQualifiers(cursor, lexeme);
  if (next.kind === "{") return block(cursor, qualifiers);
  return ruleOf(cursor, qualifiers, next);
}

const assigned = /@(?:\{[A-Za-z]\w*\}|[A-Za-z]\w*)(?=\?=)/y;

/** Where the variable of `@{X}?=a` ends, which looks like a path; undefined when it is none. */
function conditionalAssignment({ text, at }: Cursor): number | undefined {
  assigned.lastIndex = at;
  return assigned.test(text) ? assigned.lastIndex : undefined;
}

/** At the outside, a path with permissions behind it is a rule; any other begins a profile. */
function isFileRule(cursor: Cursor, lexeme: Lexeme): boolean {
  const next = lex(cursor.text, blanksEnd(cursor.text, lexeme.end));
  return next.kind === "mode" || next.kind === "," || next.kind === "->";
}

/** A profile that its path introduces. */
function unnamed(cursor: Cursor, lexeme: Lexeme): Profile {
  const start = cursor.at;
  const found = profile(cursor, lexeme);
  if (!/^[/:]/.test(found.name.value)) {
    report(cursor, { start, end: lexeme.end }, {
      code: "profile-without-keyword",
      message: `\`${found.name.value}\` is no profile's name by itself`,
      hint: `write \`profile ${found.name.value} {\`: only a path or \`:namespace:name\` goes without the word`,
    });
  }
  return found;
}

function childWithoutKeyword(cursor: Cursor, lexeme: Lexeme): Profile {
  report(cursor, { start: cursor.at, end: lexeme.end }, {
    code: "profile-without-keyword",
    message: "a profile within a profile needs the word `profile` or `hat`",
    hint: `write \`profile ${cursor.text.slice(cursor.at, lexeme.end)} {\``,
  });
  return profile(cursor, lexeme);
}

/** Report what belongs before the profiles. */
function outside(cursor: Cursor, lexeme: Lexeme, place: Place, stray: Stray, what: string): void {
  if (place === "fragment" || (place === "file" && !stray.profile)) return;
  report(cursor, { start: cursor.at, end: lexeme.end }, {
    code: place === "file" ? "preamble-after-profile" : "preamble-in-profile",
    message: place === "file" ? `${what} before the first profile` : `${what} outside profiles`,
    hint: place === "file" ? "move this above the profiles" : "move this above the profile; include tunables there too",
  });
}

/** Report a rule that no profile is around; the first of a file stands for all. */
function rulesBelong(cursor: Cursor, lexeme: Lexeme, place: Place, stray: Stray): void {
  if (place !== "file" || stray.rule) return;
  if (lexeme.kind === "unknown" || lexeme.kind === ",") return;
  stray.rule = true;
  report(cursor, { start: cursor.at, end: lexeme.end }, {
    code: "rule-outside-profile",
    message: "rules stand within a profile",
    hint: "put `profile name {` before them and `}` behind; a file that profiles include is checked with those",
  });
}

function block(cursor: Cursor, qualifiers: Block["qualifiers"]): Block {
  const start = cursor.at;
  const outer = cursor.comments;
  cursor.comments = [];
  const body = braces(cursor);
  cursor.comments = outer;
  if (qualifiers.mode === "deny" && !supports(cursor.language, "4.1")) {
    report(cursor, { start, end: start + 1 }, {
      code: "needs-newer-parser",
      message: `\`deny\` before braces needs AppArmor 4.1; this text is for ${cursor.language}`,
      hint: "write it before each rule",
    });
  }
  return { kind: "block", qualifiers, body };
}
