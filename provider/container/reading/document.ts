import { joinLines, splitLines, type Line } from "../lines.js";
import { readLine, type Reading } from "./grammar.js";

/** A line of the file, and how Proxmox VE reads it. */
export interface ConfLine extends Line {
  /** 1-based */
  number: number;
  /** of its first byte in the file */
  offset: number;
  read: Reading;
}

/** A section; of all but `main`, the first line is the header. */
export interface Section {
  kind: "main" | "pending" | "snapshot";
  /** of a snapshot; `pve:pending`, in whatever case, of pending changes; empty for `main` */
  name: string;
  lines: ConfLine[];
}

/** The file `/etc/pve/lxc/<vmid>.conf`. */
export interface Conf {
  /** The section that holds now; the only one that is ever edited. */
  main: Line[];
  /** Pending changes and the snapshots, as they are. */
  rest: Line[];
  /** All of them, in the order of the file; the first is `main`, even where it is empty. */
  sections: Section[];
}

/**
 * Reads a file as Proxmox VE does, and loses nothing: `printConf(parseConf(text)) === text`, whatever the bytes.
 *
 * @param text latin1, so that every byte comes back
 */
export function parseConf(text: string): Conf {
  const lines = splitLines(text);
  const sections: Section[] = [{ kind: "main", name: "", lines: [] }];
  let offset = 0;
  lines.forEach((line, index) => {
    const read = readLine(line.text);
    if (read.kind === "section") sections.push({ kind: read.section, name: read.name, lines: [] });
    sections.at(-1)!.lines.push({ ...line, number: index + 1, offset, read });
    offset += line.text.length + line.eol.length;
  });
  const end = sections[0]!.lines.length;
  return { main: lines.slice(0, end), rest: lines.slice(end), sections };
}

/** The file, byte for byte. */
export const printConf = ({ main, rest }: Pick<Conf, "main" | "rest">): string => joinLines([...main, ...rest]);
