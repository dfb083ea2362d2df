import { blanksEnd, idEnd, isAlnum, isAlpha, isBlank, isPlain, isSpace, nameEnd, OPEN, quotedEnd } from "./chars.js";
import { skipTrivia, type Cursor } from "./cursor.js";
import { isKeyword } from "./words.js";

/**
 * What comes next where rules begin: punctuation by its own text, `conditions`: a name before `=(` with conditions within,
 * `condition`: a name before `=` or `in (`, `mode`: letters of permissions, `unknown`: what can't be here.
 */
export interface Lexeme {
  kind:
    | "" | "," | "{" | "}" | "^" | "->" | "=" | "+=" | "?=" | "("
    | "set" | "bool" | "id" | "mode" | "hat" | "profile" | "keyword" | "include" | "priority" | "condition" | "conditions" | "unknown";
  end: number;
  /** of a keyword */
  word: string;
}

const lexeme = (kind: Lexeme["kind"], end: number, word = ""): Lexeme => ({ kind, end, word });

/** Take trivia, then say what comes next, without taking it. */
export function peek(cursor: Cursor): Lexeme {
  skipTrivia(cursor);
  return lex(cursor.text, cursor.at);
}

/** What begins at `at`: the longest that something takes. */
export function lex(text: string, at: number): Lexeme {
  const code = text.charCodeAt(at);
  if (isAlpha(code)) return lexWord(text, at);
  const char = text.charAt(at);
  switch (char) {
    case "/":
    case ":":
    case "&":
      return lexeme("id", idEnd(text, at));
    case "@":
      return lexVariable(text, at);
    case "$": {
      const end = variableEnd(text, at);
      return end === at ? lexeme("unknown", at + 1) : lexeme("bool", end);
    }
    case '"': {
      const end = "/@:&".includes(text.charAt(at + 1)) && text.charAt(at + 1) !== "" ? quotedEnd(text, at) : at;
      return end === at ? lexeme("unknown", at + 1) : lexeme("id", end);
    }
    case ",":
    case "{":
    case "}":
    case "^":
    case "(":
    case "=":
      return lexeme(char, at + 1);
    case "+":
      return text.charAt(at + 1) === "=" ? lexeme("+=", at + 2) : lexeme("unknown", at + 1);
    case "?":
      return text.charAt(at + 1) === "=" ? lexeme("?=", at + 2) : lexeme("unknown", at + 1);
    case "-":
      return text.charAt(at + 1) === ">" ? lexeme("->", at + 2) : lexeme("unknown", at + 1);
    case "#":
      return lexeme("include", at + "#include".length, "#include");
    case "":
      return lexeme("", at);
    default:
      return lexeme("unknown", at + 1);
  }
}

/** Where `@{NAME}`, `@NAME` or their `$` kin end; `at` when it is none. */
function variableEnd(text: string, at: number): number {
  const brace = text.charAt(at + 1) === "{";
  const start = at + (brace ? 2 : 1);
  if (!isAlpha(text.charCodeAt(start))) return at;
  const end = nameEnd(text, start);
  if (!brace) return end;
  return text.charAt(end) === "}" ? end + 1 : at;
}

/** A variable alone can be assigned; with more behind it, it is a path. */
function lexVariable(text: string, at: number): Lexeme {
  const end = variableEnd(text, at);
  if (end === at) return lexeme("unknown", at + 1);
  // without braces the lexer takes letters of the name for the path behind it: `@ab=c` is a path
  if (text.charAt(at + 1) !== "{" && end - at > 2) {
    const path = idEnd(text, end);
    return path > end ? lexeme("id", path) : lexeme("set", end);
  }
  const next = text.charAt(end);
  const comma = next === ",";
  const follower = text.charCodeAt(comma ? end + 1 : end);
  const plain = (isPlain(follower) || follower === 13) && follower !== 61 && follower !== 43;
  const escaped = next === "\\" && /^[ \t"!,]/.test(text.charAt(end + 1));
  if (!plain && !escaped) return lexeme("set", end);
  return lexeme("id", idEnd(text, end + (comma || escaped ? 2 : 1)));
}

/** Letters of permissions: each alone, or with the `x` they belong to. */
const permissions = /^(?:[RrWwaLlMmkXx]|[PpCc][Xx]|[PpCc]?[IiUu][Xx])+$/;

/** Where a condition begins: its name is followed by `=`, or by `in (`. */
function conditionKind(text: string, word: string, end: number): Lexeme["kind"] | undefined {
  const next = blanksEnd(text, end);
  if (text.charAt(next) === "=") {
    if (word === "priority") return "priority";
    const list = (word === "peer" || word === "xattrs") && text.charCodeAt(blanksEnd(text, next + 1)) === OPEN;
    return list ? "conditions" : "condition";
  }
  if (next > end && text.startsWith("in", next) && text.charCodeAt(blanksEnd(text, next + 2)) === OPEN) return "condition";
  return undefined;
}

/** Of the names in rules that have a lexer of their own, likewise. */
export function conditionAt(text: string, at: number): Lexeme | undefined {
  if (!isAlpha(text.charCodeAt(at))) return undefined;
  const end = nameEnd(text, at);
  const kind = conditionKind(text, text.slice(at, end), end);
  return kind ? lexeme(kind, end) : undefined;
}

function lexWord(text: string, at: number): Lexeme {
  const end = nameEnd(text, at);
  const next = text.charCodeAt(end);
  const word = text.slice(at, end);
  // most words are permissions or keywords with a blank or comma behind them
  if (next !== 44 && next !== 10) {
    const kind = conditionKind(text, word, end);
    if (kind) return lexeme(kind, end, word);
  }
  if (word === "hat" || word === "profile") return lexeme(word, end, word);
  if (word === "include" && isBlank(next)) return lexeme("include", end, word);
  if ((isSpace(next) || next === 44) && word !== "all" && permissions.test(word)) return lexeme("mode", end, word);
  return lexeme(isKeyword(word) ? "keyword" : "id", end, word);
}

/** Whether a word ends at `at`. */
export const endsWord = (text: string, at: number): boolean => !isAlnum(text.charCodeAt(at));
