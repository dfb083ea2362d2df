import { parseConf, type ConfLine, type Section } from "./document.js";
import { isBlankLine, type Reading } from "./grammar.js";
import { checkProperty, type CheckedValue } from "./properties.js";
import { rawKey } from "./raw-keys.js";
import { decodeText } from "./text.js";

export type RawEntry = [key: string, value: string];

/** A section as Proxmox VE holds it: properties by name, raw lines in `lxc`, comments in `description`. */
export interface PveSection {
  description?: string;
  lxc?: RawEntry[];
  [property: string]: string | number | RawEntry[] | undefined;
}

/** What Proxmox VE reads from the file. All is latin1, but for descriptions, which it decodes. */
export interface PveConf {
  main: PveSection;
  pending: PveSection;
  snapshots: Map<string, PveSection>;
}

/**
 * What became of a line that Proxmox VE doesn't take as it stands.
 *
 * - `unparsable`, `unknown-raw-key`, `refused-raw-key`, `misplaced` (`delete` outside of the pending changes): dropped;
 * - `deprecated-raw-key`, `unknown-property`, `invalid-value`: kept;
 * - `repeated-property`, `repeated-section`, `internal` (a word that Proxmox VE uses itself, such as `digest`): dropped
 *   without a word.
 */
export type NoteKind =
  | "unparsable"
  | "unknown-raw-key"
  | "refused-raw-key"
  | "deprecated-raw-key"
  | "unknown-property"
  | "invalid-value"
  | "misplaced"
  | "repeated-property"
  | "repeated-section"
  | "internal";

export interface Note {
  kind: NoteKind;
  /** 1-based */
  line: number;
  /** the line, latin1 */
  text: string;
  section: Section;
  key?: string;
  /** Proxmox VE's words, without `vm <vmid> - ` before them; undefined where it says nothing */
  said?: string;
  /** the line that counts instead */
  by?: number;
}

export interface PveReading {
  conf: PveConf;
  /** in the order of lines */
  notes: Note[];
}

/** Words that stand for something else in what Proxmox VE makes of a section, so that a property of that name is lost. */
const internal = {
  main: new Set(["digest", "lxc", "pending", "snapshots", "snapstate", "snapname"]),
  others: new Set(["digest", "lxc", "pending", "snapshots", "snapname"]),
};

/**
 * Reads a file as Proxmox VE does.
 * Source: pve-container 6.1, `PVE::LXC::Config::parse_pct_config`; that `lxc.environment.runtime` becomes the property
 * `env`, its values joined by NUL, is of Proxmox VE 9.1.
 *
 * @param text latin1
 */
export const readConf = (text: string): PveReading => readSections(parseConf(text).sections);

/** What Proxmox VE makes of the sections of a file. */
export function readSections(sections: readonly Section[]): PveReading {
  const conf: PveConf = { main: {}, pending: {}, snapshots: new Map() };
  const notes: Note[] = [];
  const seen = new Map<string, Section>();
  for (const section of sections) {
    const reader = new SectionReader(section, notes);
    const read = reader.read();
    if (section.kind === "main") conf.main = read;
    else {
      // each header begins anew: what stood under an earlier one of that name is gone
      const id = section.kind === "pending" ? "[pending]" : section.name;
      const earlier = seen.get(id);
      if (earlier) notes.push(note(earlier, earlier.lines[0]!, "repeated-section", { by: section.lines[0]!.number }));
      seen.set(id, section);
      if (section.kind === "pending") conf.pending = read;
      else conf.snapshots.set(section.name, read);
    }
  }
  return { conf, notes: notes.sort((a, b) => a.line - b.line) };
}

function note(section: Section, line: ConfLine, kind: NoteKind, more: Pick<Note, "key" | "said" | "by"> = {}): Note {
  return { kind, line: line.number, text: line.text, section, ...more };
}

class SectionReader {
  private readonly result: PveSection = {};
  /** the lines that each property was read from: one, but for `env` */
  private readonly from = new Map<string, ConfLine[]>();
  private description = "";

  constructor(
    private readonly section: Section,
    private readonly notes: Note[],
  ) {}

  read(): PveSection {
    for (const line of this.section.lines) this.line(line, line.read);
    // Perl takes "0" for nothing
    if (this.description !== "" && this.description !== "0") this.result.description = this.description;
    return this.result;
  }

  private line(line: ConfLine, read: Reading): void {
    if (read.kind === "comment") this.description += `${decodeText(read.text)}\n`;
    else if (read.kind === "raw") this.raw(line, read.key, read.value);
    else if (read.kind === "property") this.property(line, read.key, read.value);
    else if (read.kind === "broken") this.note(line, "unparsable", { said: `unable to parse config: ${line.text}` });
  }

  private raw(line: ConfLine, key: string, value: string): void {
    const verdict = rawKey(key);
    if (verdict.kind === "unknown") return this.note(line, "unknown-raw-key", { key, said: `unable to parse config: ${line.text}` });
    if (verdict.kind === "refused") return this.note(line, "refused-raw-key", { key, said: verdict.said });
    if (verdict.kind === "deprecated") this.note(line, "deprecated-raw-key", { key, said: verdict.said });
    if (key !== "lxc.environment.runtime") (this.result.lxc ??= []).push([key, value]);
    else {
      const before = this.from.get("env") ?? [];
      this.result["env"] = before.length > 0 ? `${String(this.result["env"])}\0${value}` : value;
      this.from.set("env", [...before, line]);
    }
  }

  private property(line: ConfLine, key: string, value: string): void {
    if (key === "description" && !isBlankLine(value)) {
      this.description += decodeText(value);
      return;
    }
    if (key === "delete" && !isBlankLine(value)) {
      // by the name, so that a snapshot may have it that is called `pending`
      if (this.section.kind !== "pending" && this.section.name !== "pending") {
        return this.note(line, "misplaced", { key, said: "property 'delete' is only allowed in [pve:pending]" });
      }
      return this.set(line, key, value);
    }
    // its own note to itself, of which it says nothing; it forgets it in the main section
    const state = key === "snapstate" && /^(?:prepare|delete)$/.test(value);
    const checked: CheckedValue = state ? { value } : checkProperty(key, value);
    if (internal[this.section.kind === "main" ? "main" : "others"].has(key)) {
      return this.note(line, "internal", { key, ...(checked.said === undefined ? {} : { said: checked.said }) });
    }
    if (checked.said !== undefined) {
      this.note(line, checked.why === "unknown" ? "unknown-property" : "invalid-value", { key, said: checked.said });
    }
    this.set(line, key, checked.value);
  }

  private set(line: ConfLine, key: string, value: string | number): void {
    for (const earlier of this.from.get(key) ?? []) this.note(earlier, "repeated-property", { key, by: line.number });
    this.from.set(key, [line]);
    this.result[key] = value;
  }

  private note(line: ConfLine, kind: NoteKind, more: Pick<Note, "key" | "said" | "by">): void {
    this.notes.push(note(this.section, line, kind, more));
  }
}
