import { anyField, anyName, empty, LimitError, collapseSlashes, parseGlob, sequence, shorten, text, type Regex } from "../glob/index.js";
import type { Variables } from "../resolve/types.js";

/** Longest text of a glob with its variables replaced. */
const maxLength = 1_000_000;

/** How the globs of one profile become languages; equal globs are parsed once. */
export interface Patterns {
  /** A path: repeated slashes are one. @throws GlobError, ResolveError, LimitError */
  path(value: string): Pattern;
  /** Any other name. */
  name(value: string): Pattern;
  /** An abstract socket's address, in which wildcards match byte 0. */
  address(value: string): Pattern;
  /** The text with variables replaced, as a glob. */
  expand(value: string): string;
}

export interface Pattern {
  key: string;
  regex: Regex;
}

/** Any text of a field. */
export const anyPattern: Pattern = { key: "\x01any", regex: anyField };

/** Any text but the empty one, and only that one. */
export const someName: Pattern = { key: "\x01some", regex: anyName };
export const nothing: Pattern = { key: "", regex: empty };

export function patternsOf(variables: Variables): Patterns {
  const known = new Map<string, Pattern>();
  const cached = (key: string, make: () => Regex): Pattern => {
    let pattern = known.get(key);
    if (!pattern) known.set(key, (pattern = { key, regex: make() }));
    return pattern;
  };
  const expand = (value: string): string => expandVariables(value, variables);
  const path = (value: string): Pattern => {
    const glob = collapseSlashes(expand(value));
    return cached(glob, () => parseGlob(glob));
  };
  const name = (value: string): Pattern => {
    const glob = expand(value);
    return cached(glob, () => parseGlob(glob));
  };
  const address = (value: string): Pattern => {
    const glob = collapseSlashes(expand(value)).slice(1);
    return cached(`\x01@${glob}`, () => parseGlob(glob, { nulls: true }));
  };
  return { path, name, address, expand };
}

/** One glob for what a text with variables stands for: several values are alternatives, without slashes that are there already. */
function expandVariables(value: string, variables: Variables): string {
  let glob = value;
  for (let count = 0, found = findVariable(glob); found; found = findVariable(glob)) {
    const values = variables.get(found.name);
    // says what is wrong with it
    if (!values || ++count > 10_000) return variables.expand(value)[0] ?? "";
    const [before, after] = [glob.slice(0, found.start), glob.slice(found.end)];
    glob = before + alternatives(values, before.endsWith("/"), after.startsWith("/")) + after;
    if (glob.length > maxLength) throw new LimitError(value, `${shorten(value)} with its variables is longer than ${maxLength} characters`);
  }
  return glob;
}

function alternatives(values: readonly string[], afterSlash: boolean, beforeSlash: boolean): string {
  if (values.length === 1) return values[0]!;
  const trimmed = values.map((value) => {
    const start = afterSlash ? value.replace(/^\/+/, "") : value;
    return beforeSlash ? trimEnd(start) : start;
  });
  return `{${trimmed.join(",")}}`;
}

function trimEnd(value: string): string {
  let end = value.length;
  while (end > 0 && value[end - 1] === "/") end--;
  return value.slice(0, end);
}

function findVariable(glob: string): { start: number; end: number; name: string } | undefined {
  for (let at = glob.indexOf("@"); at >= 0; at = glob.indexOf("@", at + 1)) {
    let backslashes = 0;
    while (glob[at - 1 - backslashes] === "\\") backslashes++;
    const [whole, name] = /^@\{([A-Za-z0-9_]+)\}/.exec(glob.slice(at, at + 1000)) ?? [];
    if (backslashes % 2 === 0 && whole !== undefined) return { start: at, end: at + whole.length, name: name! };
  }
  return undefined;
}

/** What a clause matches: one language for each field of its table. */
export interface Words {
  key: string;
  /** what errors call it */
  name: string;
  fields: readonly Pattern[];
}

/** Fields that are matched one by one. */
export function fields(...patterns: Pattern[]): Words {
  return { key: patterns.map(({ key }) => key).join("\0"), name: patterns[0]!.key, fields: patterns };
}

/** Fields with byte 0 between them, matched as one. */
export function whole(prefix: string, ...patterns: Pattern[]): Words {
  const separated = patterns.flatMap((part, index): Regex[] => (index === 0 ? [part.regex] : [text("\0"), part.regex]));
  const key = prefix + patterns.map((part) => part.key).join("\0");
  return { ...fields({ key, regex: sequence(text(prefix), ...separated) }), name: patterns[0]?.key ?? prefix };
}

/** Patterns one behind the other. */
export function joined(prefix: string, ...patterns: Pattern[]): Words {
  const key = prefix + patterns.map((part) => part.key).join("\0");
  return fields({ key, regex: sequence(text(prefix), ...patterns.map(({ regex }) => regex)) });
}
