import type { Line } from "./lines.js";
import { isBlankLine, readLine, trimBlanks } from "./reading/grammar.js";

export { parseConf, type Conf } from "./reading/document.js";

export type Entry = { kind: "raw" | "property"; key: string; value: string };

/** One line as Proxmox VE reads it; undefined for headers, blanks, comments and what it can't parse. */
export function parseEntry(text: string): Entry | undefined {
  const read = readLine(text);
  return read.kind === "raw" || read.kind === "property" ? read : undefined;
}

/** The last value of a property in a section: the one Proxmox VE takes. */
export function property(lines: readonly Line[], key: string): string | undefined {
  return lines.map(({ text }) => parseEntry(text)).findLast((entry) => entry?.kind === "property" && entry.key === key)?.value;
}

/** A property string such as `/dev/nvidia0,mode=0666`; a value without a key gets `defaultKey`. */
export function parseOptions(value: string, defaultKey?: string): Map<string, string> {
  const options = value.split(",").filter((part) => !isBlankLine(part));
  return new Map(
    options.map((part): [string, string] => {
      const at = part.indexOf("=");
      return at < 0 ? [defaultKey ?? part, part] : [trimBlanks(part.slice(0, at)), trimBlanks(part.slice(at + 1))];
    }),
  );
}
