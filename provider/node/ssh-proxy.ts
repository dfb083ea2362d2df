import type { ConfigLine } from "./ssh-config-file";
import { bad } from "./ssh-values";

/** The way to a host: through other hosts, first to last, as node names; or through a program. */
export interface Way {
  jumps: string[];
  /** the ProxyCommand's line */
  command?: ConfigLine;
}

/**
 * Takes the line apart that came first, of ProxyJump and ProxyCommand.
 *
 * @throws PostureError `invalid-settings`
 */
export function parseWay(line: ConfigLine | undefined): Way {
  if (!line) return { jumps: [] };
  if (line.keyword === "proxycommand")
    return line.rest.toLowerCase() === "none" ? { jumps: [] } : { jumps: [], command: line };
  if (line.words[0]!.toLowerCase() === "none") return { jumps: [] };
  const jumps = line.words[0]!.split(",").map((hop) =>
    hop
      .trim()
      .replace(/^ssh:\/\//, "")
      .replace(/\/$/, ""),
  );
  if (jumps.includes("")) throw bad(line, "a hop of ProxyJump has no name");
  return { jumps };
}

/** What ProxyCommand and ProxyJump know of the host that they lead to. */
export type ProxyTokens = Record<"h" | "n" | "p" | "r", string>;

function fill(
  line: ConfigLine,
  text: string,
  tokens: ProxyTokens,
  check: (value: string, token: string) => void,
): string {
  return text.replace(/%(.?)/gs, (_, token: string) => {
    if (token === "%") return "%";
    if (!Object.hasOwn(tokens, token))
      throw bad(line, `%${token} isn't understood in ${line.keyword}`, "It knows %h, %n, %p, %r and %%.");
    const value = tokens[token as keyof ProxyTokens];
    check(value, token);
    return value;
  });
}

/** Fills the tokens of a hop in. */
export function fillHop(line: ConfigLine, hop: string, tokens: ProxyTokens): string {
  return fill(line, hop, tokens, () => {});
}

/** What a shell takes for a name and nothing else, and a program for no option. */
const PLAIN = /^[\p{L}\p{N}_.:@%+=,][\p{L}\p{N}_.:@%+=,-]*$/u;

/**
 * Fills the tokens of a ProxyCommand in. A shell will read it, so names that hold more than letters, digits
 * and `_.:@%+=,-` are refused in it.
 *
 * @throws PostureError `invalid-settings`
 */
export function fillCommand(line: ConfigLine, tokens: ProxyTokens): string {
  return fill(line, line.rest, tokens, (value, token) => {
    if (PLAIN.test(value)) return;
    throw bad(
      line,
      `${JSON.stringify(value)} can't stand for %${token} in ProxyCommand: a shell would read more than a name in it`,
      "Write the name into the command yourself, quoted for the shell.",
    );
  });
}
