/** Where a profile of the outermost level begins. */
export interface ProfileHeader {
  name: string;
  /** 1-based */
  line: number;
  /** what stands between the parentheses of its flags; empty without any */
  flags: string;
}

/**
 * The profiles that a text declares at its outermost level, hats and child profiles left out.
 *
 * It reads words, quotes, comments and blocks only; whether the rules are right is for the compiler to say.
 */
export function profileHeaders(text: string): ProfileHeader[] {
  const headers: ProfileHeader[] = [];
  let depth = 0;
  let statement: { word: string; line: number }[] = [];
  for (const token of tokens(text)) {
    if (token.word === "{") {
      if (depth++ === 0) headers.push(...headerOf(statement));
      statement = [];
    } else if (token.word === "}") {
      depth = Math.max(0, depth - 1);
      statement = [];
    } else if (depth === 0) {
      statement.push(token);
    }
  }
  return headers;
}

function headerOf(statement: { word: string; line: number }[]): ProfileHeader[] {
  const keyword = statement.findLastIndex(({ word }) => word === "profile" || word === "hat");
  const named = keyword >= 0 ? statement[keyword + 1] : statement.findLast(({ word }) => /^"?[/@]/.test(word));
  if (!named) return [];
  const after = statement.slice(statement.indexOf(named) + 1).map(({ word }) => word);
  return [{ name: named.word.replace(/^"(.*)"$/s, "$1"), line: named.line, flags: flagsOf(after.join(" ")) }];
}

/** `flags=` is optional in the grammar: `profile x (complain) {` is old, and still read. */
function flagsOf(conditions: string): string {
  for (let at = 0; ; ) {
    const open = conditions.indexOf("(", at);
    const close = open < 0 ? -1 : conditions.indexOf(")", open);
    if (close < 0) return "";
    const before = conditions.slice(at, open).slice(-40);
    const key = before.trimEnd();
    // `xattrs=(…)` and a path that holds parentheses are none
    if (key.endsWith("=") ? /(?:^|\s)flags\s*=$/.test(key) : /(?:^|\s)$/.test(before)) return conditions.slice(open + 1, close);
    at = close + 1;
  }
}

/** Words and the braces of blocks; a brace within a word belongs to a glob or a variable. */
function* tokens(text: string): Generator<{ word: string; line: number }> {
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (char === "\n") line++;
    if (/\s/.test(char)) at++;
    else if (char === "#") at = endOfLine(text, at);
    else if (char === "}" || (char === "{" && /[\s#}]|^$/.test(text[at + 1] ?? ""))) yield { word: text[at++]!, line };
    else {
      const end = endOfWord(text, at);
      const word = text.slice(at, end);
      yield { word, line };
      line += word.split("\n").length - 1;
      at = end;
    }
  }
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function endOfWord(text: string, at: number): number {
  let braces = 0;
  for (let quoted = false; at < text.length; at++) {
    const char = text[at]!;
    if (char === "\\") at++;
    else if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (/\s/.test(char)) break;
    else if (char === "{") {
      // `flags=(complain){` opens a block although no blank stands before it
      if (braces === 0 && /\s|^$/.test(text[at + 1] ?? "")) break;
      braces++;
    } else if (char === "}" && braces-- === 0) break;
  }
  return Math.min(at, text.length);
}
