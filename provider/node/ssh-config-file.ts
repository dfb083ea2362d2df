import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { PostureError } from "../errors";
import { canonicalKeyword } from "./ssh-directives";
import { matchPattern } from "./ssh-pattern";

/** One directive of an ssh_config, not yet judged. */
export interface ConfigLine {
  /** in lower case, as keywords know no case, and never an old name */
  keyword: string;
  words: string[];
  /** all behind the keyword as it stands, quotes and comments too: what a ProxyCommand is */
  rest: string;
  /** file:line, for people */
  where: string;
}

/**
 * Reads one ssh_config; undefined when there is no such file.
 *
 * @param guarded refuse one that others may write: it says which programs run
 */
export function readConfigFile(path: string, guarded: boolean): ConfigLine[] | undefined {
  let text: string;
  try {
    if (guarded) refuseOthers(path);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof PostureError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new PostureError(
      "invalid-settings",
      `${path} can't be read: ${(error as Error).message}.`,
      undefined,
      { cause: error },
    );
  }
  return text.split("\n").flatMap((line, index) => parseLine(line, `${path}:${index + 1}`) ?? []);
}

function refuseOthers(path: string): void {
  const { uid, mode } = statSync(path);
  const ours = uid === 0 || uid === (process.getuid?.() ?? uid);
  if (ours && (mode & 0o022) === 0) return;
  throw new PostureError(
    "invalid-settings",
    `${path} ${ours ? "can be written by others" : "belongs to somebody else"}; ssh doesn't read it either.`,
    ours ? `chmod go-w ${path}` : `chown it to the user that deploys, or to root.`,
  );
}

function parseLine(line: string, where: string): ConfigLine | undefined {
  const bad = (why: string) => new PostureError("invalid-settings", `${where} can't be read: ${why}.`);
  if (/^\s*(#|$)/.test(line)) return undefined;
  // The keyword may stand in quotes too.
  const parts = /^\s*(?:"([^"]+)"\s*|([^\s=#"]+)(?:\s*=\s*|\s+|$))(.*?)\s*$/.exec(line);
  if (!parts) throw bad("it doesn't begin with a keyword");
  const [, quoted, bare = quoted!, rest = ""] = parts;
  const words = splitWords(rest);
  if (!words) throw bad("a quote isn't closed");
  if (words.length === 0) throw bad(`${bare} has no value`);
  return { keyword: canonicalKeyword(bare), words, rest, where };
}

/** Splits as ssh does: quotes of both kinds, a few escapes, and a comment only where a word would begin. */
function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let i = 0;
  for (;;) {
    while (/[ \t]/.test(text[i] ?? "")) i++;
    if (i >= text.length || text[i] === "#") return words;
    let word = "";
    let quote = "";
    for (; i < text.length && (quote !== "" || !/[ \t]/.test(text[i]!)); i++) {
      const chr = text[i]!;
      const next = text[i + 1] ?? "";
      if (chr === "\\" && (/["'\\]/.test(next) || (next === " " && quote === ""))) {
        word += next;
        i++;
      } else if (quote === "" && (chr === '"' || chr === "'")) quote = chr;
      else if (chr === quote) quote = "";
      else word += chr;
    }
    if (quote !== "") return undefined;
    words.push(word);
  }
}

/** The files an `Include` names: patterns are expanded, relative ones start at `base`. */
export function expandInclude(pattern: string, base: string): string[] {
  const path = isAbsolute(pattern) ? pattern : join(base, pattern);
  const expand = (parts: string[]): string[] => {
    const name = parts.at(-1);
    if (name === undefined || name === "") return [parts.join("/") || "/"];
    const folders = expand(parts.slice(0, -1));
    if (!/[*?]/.test(name)) return folders.map((folder) => join(folder, name));
    return folders.flatMap((folder) =>
      entriesOf(folder)
        .filter((entry) => matchPattern(name, entry) && (name.startsWith(".") || !entry.startsWith(".")))
        .map((entry) => join(folder, entry)),
    );
  };
  if (/[[\]{}]/.test(path)) {
    throw new PostureError("invalid-settings", `Include ${pattern}: only * and ? are understood in it.`);
  }
  return expand(path.split("/"));
}

/** Where relative `Include`s of a file start: `~/.ssh`, or /etc/ssh for the system's file. */
export function includeBase(file: string, home: string): string {
  return dirname(file) === "/etc/ssh" ? "/etc/ssh" : join(home, ".ssh");
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // like ssh: a pattern that finds nothing includes nothing
  }
}
