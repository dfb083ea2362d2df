import { PostureError } from "../errors";
import type { ConfigLine } from "./ssh-config-file";

/** The values of directives, checked; an absent line gives undefined. */

type Line = ConfigLine | undefined;

/** One of several words, in lower case. */
export function oneOf<T extends string>(line: Line, ...allowed: T[]): T | undefined {
  if (!line) return undefined;
  const word = line.words[0]!.toLowerCase();
  const known = allowed.find((one) => one === word);
  if (known === undefined) throw bad(line, `"${line.words[0]}" is none of ${allowed.join(", ")}`);
  return known;
}

/** `yes` or `no`; ssh takes `true` and `false` too. */
export function flag(line: Line): boolean | undefined {
  const word = oneOf(line, "yes", "no", "true", "false");
  return word && (word === "yes" || word === "true");
}

export function whole(line: Line, min: number, max: number): number | undefined {
  if (!line) return undefined;
  const text = line.words[0]!;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw bad(line, `"${text}" is no whole number from ${min} to ${max}`);
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const LONGEST = 2_000_000; // what a timer can hold, in seconds

/** A time as ssh writes it (`90`, `1m30s`), in seconds; undefined for `none`. */
export function seconds(line: Line): number | undefined {
  if (!line || line.words[0]!.toLowerCase() === "none") return undefined;
  const text = line.words[0]!.toLowerCase();
  const parts = [...text.matchAll(/(\d+)([smhdw]?)/g)];
  const sum = parts.reduce((all, [, count, unit]) => all + Number(count) * UNITS[unit || "s"]!, 0);
  if (parts.map(([part]) => part).join("") !== text || sum > LONGEST)
    throw bad(line, `"${line.words[0]}" is no time (90, 1m30s)`);
  return sum;
}

/** What is wrong with a line. */
export function bad(line: ConfigLine, why: string, hint?: string): PostureError {
  return new PostureError("invalid-settings", `${line.where}: ${why}.`, hint);
}
