import { parseOptions } from "../../conf.js";
import { parseConf, type Section } from "../document.js";
import { readSections, type Note } from "../pve.js";
import { rawKey } from "../raw-keys.js";
import { isUnprivileged } from "../unprivileged.js";

/** A line with a key that Proxmox VE keeps. */
export interface Kept {
  /** 1-based */
  line: number;
  key: string;
  value: string;
}

/** What the checks go by. */
export interface Facts {
  sections: Section[];
  notes: Note[];
  /** raw lines of the main section, in their order */
  raw: Kept[];
  /** properties of the main section, of each the one that counts */
  properties: Map<string, Kept>;
  /** whether ids are mapped */
  unprivileged: boolean;
  features: Map<string, string>;
}

/** The raw lines of a section that Proxmox VE keeps. */
export function rawLines({ lines }: Section): Kept[] {
  return lines.flatMap(({ number, read }) =>
    read.kind === "raw" && /^(?:valid|deprecated)$/.test(rawKey(read.key).kind) ? [{ line: number, key: read.key, value: read.value }] : [],
  );
}

export function factsOf(text: string): Facts {
  const { sections } = parseConf(text);
  const main = sections[0]!;
  const raw = rawLines(main);
  const properties = new Map(
    main.lines.flatMap(({ number, read }): [string, Kept][] =>
      read.kind === "property" ? [[read.key, { line: number, key: read.key, value: read.value }]] : [],
    ),
  );
  return {
    sections,
    notes: readSections(sections).notes,
    raw,
    properties,
    unprivileged: isUnprivileged(main.lines),
    features: parseOptions(properties.get("features")?.value ?? ""),
  };
}

/** The raw lines of a key. */
export const rawOf = ({ raw }: Facts, key: string): Kept[] => raw.filter((line) => line.key === key);

/** Whether an option of `features` is on. Source: pve-common, `PVE::JSONSchema::parse_boolean`. */
export const isOn = ({ features }: Facts, option: string): boolean => /^(?:1|on|yes|true)$/i.test(features.get(option) ?? "");
