import type { Range } from "./range.js";

/** One entry of `/etc/subuid` or `/etc/subgid`: ids of the node that an owner may map in containers. */
export interface Subid extends Range {
  /** a name or a number, as it is written */
  owner: string;
}

/** A line of the file with the bytes that end it; without an entry where it is none, such as a comment. */
export interface SubidLine {
  text: string;
  eol: string;
  entry?: Subid;
}

/**
 * Reads `/etc/subuid` or `/etc/subgid` (subuid(5)) without loss: `printSubids(parseSubids(text)) === text`. What is no
 * entry stays as it is, as the programs of shadow leave it.
 */
export function parseSubids(text: string): SubidLine[] {
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((whole) => {
    const eol = whole.endsWith("\n") ? "\n" : "";
    const line = whole.slice(0, whole.length - eol.length);
    const entry = parseSubid(line);
    return entry ? { text: line, eol, entry } : { text: line, eol };
  });
}

export const printSubids = (lines: readonly SubidLine[]): string => lines.map(({ text, eol }) => text + eol).join("");

/** shadow gives up on longer lines (lib/subordinateio.c, `subordinate_parse`). */
const longest = 1023;

/** Reads a line; undefined where shadow would find no entry in it. */
export function parseSubid(line: string): Subid | undefined {
  const match = /^([^:]+):([^:]+):([^:]+)$/.exec(line);
  if (!match || line.length > longest) return undefined;
  const [start, count] = match.slice(2).map(readNumber);
  return start === undefined || count === undefined ? undefined : { owner: match[1]!, start, count };
}

/** As C's `strtoul` with base 0 does: `010` is 8, `0x10` is 16. */
function readNumber(text: string): number | undefined {
  const trimmed = text.replace(/^[ \t\v\f\r]*\+?/, "");
  if (/^0x[0-9a-f]+$/i.test(trimmed)) return Number(trimmed);
  if (/^0[0-7]*$/.test(trimmed)) return parseInt(trimmed, 8);
  return /^[1-9]\d*$/.test(trimmed) ? Number(trimmed) : undefined;
}

export const printSubid = ({ owner, start, count }: Subid): string => `${owner}:${start}:${count}`;
