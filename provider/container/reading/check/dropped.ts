import type { Note, NoteKind } from "../pve.js";
import { rawKey } from "../raw-keys.js";
import type { Facts } from "./facts.js";
import { error, warning, type Finding } from "./finding.js";

/** What Proxmox VE drops the next time it writes the file, and what it complains of whenever it reads it. */
export const dropped = ({ notes, sections }: Facts): Finding[] => {
  const values = new Map(
    sections.flatMap(({ lines }) => lines.map(({ number, read }) => [number, read.kind === "property" ? read.value : undefined])),
  );
  return notes.map((note) =>
    note.kind === "repeated-property" && values.get(note.line) === values.get(note.by!) ? again(note) : say[note.kind](note),
  );
};

/** A loss of nothing. */
const again = ({ line, key, by }: Note): Finding =>
  warning("repeated-line", line, `line ${by} says it again (\`${key}\`)`, "Take one of them out.");

const gone = "drops it the next time it writes the file";

const say: Record<NoteKind, (note: Note) => Finding> = {
  unparsable: ({ line, text }) => error("unparsable", line, `Proxmox VE can't read the line, and ${gone}`, repair(text)),
  "unknown-raw-key": ({ line, key }) =>
    error(
      "unknown-raw-key",
      line,
      `Proxmox VE takes no \`${key}\`, and ${gone}`,
      "Put it into a file of the node that `lxc.include` names, or take it out.",
    ),
  "refused-raw-key": ({ line, key }) =>
    error(
      "refused-raw-key",
      line,
      `Proxmox VE refuses \`${key}\`, and ${gone}`,
      key === "lxc.rootfs.path"
        ? "It is made from `rootfs`; take the line out."
        : "Use the options of the property `rootfs` (`mountoptions=`, `ro=`).",
    ),
  "deprecated-raw-key": (note) => deprecated(note),
  "unknown-property": ({ line, key }) =>
    warning(
      "unknown-property",
      line,
      `Proxmox VE knows no \`${key}\`: it keeps the line, and nothing comes of it`,
      "Take it out, or correct its name.",
    ),
  "invalid-value": ({ line, key }) =>
    error(
      "invalid-value",
      line,
      `Proxmox VE can't make sense of the value of \`${key}\``,
      "Use 0 or 1, on one line without control characters.",
    ),
  misplaced: ({ line }) =>
    error("misplaced-delete", line, `\`delete\` means something in [pve:pending] only; Proxmox VE ${gone}`, "Take it out."),
  "repeated-property": ({ line, key, by }) =>
    error(
      "repeated-property",
      line,
      `line ${by} sets \`${key}\` again: this one is lost`,
      /\d$/.test(key!) ? `Give one of them a free number: ${key!.replace(/\d+$/, "")}<n>.` : "Keep one of them.",
    ),
  "repeated-section": ({ line, text, by }) =>
    error(
      "repeated-section",
      line,
      `the section ${text.trim()} begins again in line ${by}: all that stands in this one is lost`,
      "Join the two, or rename one.",
    ),
  internal: ({ line, key }) =>
    error(
      "internal-key",
      line,
      `\`${key}\` is a word that Proxmox VE uses itself: the line is lost, and may keep it from reading the file`,
      "Take it out.",
    ),
};

function deprecated({ line, key }: Note): Finding {
  const verdict = rawKey(key!);
  const name = verdict.kind === "deprecated" ? verdict.renamed : undefined;
  const instead = name === undefined ? "Use what cgroup v2 has for it (`lxc.cgroup2.…`), or take it out." : `Use \`${name}\`.`;
  return key!.startsWith("lxc.cgroup.")
    ? warning(
        "deprecated-raw-key",
        line,
        `\`${key}\` is of cgroup v1: where there is cgroup v2 alone, nothing comes of it, and Proxmox VE will refuse it one day`,
        instead,
      )
    : error("deprecated-raw-key", line, `\`${key}\` is a name that LXC 3.0 has given up`, instead);
}

/** What is most likely meant. */
function repair(text: string): string {
  if (/^\s+\S/.test(text)) return "Take the blanks before it away: a line begins in its first column.";
  if (/^\s*\[/.test(text)) {
    return "No section begins here: what follows belongs to the one above. Names have two characters at least, a letter first: [a-z0-9_-].";
  }
  if (/^[A-Z]/.test(text)) return "Write the key in small letters.";
  if (/^lxc\.[a-z0-9_.-]+\s+:/.test(text) || /^[a-z][a-z_]*\d*\s+:/.test(text)) return "Take the blank before the colon away.";
  if (/^[a-z][a-z_]*\d*\s*=/.test(text)) return "A property takes a colon: `key: value`.";
  if (/^[a-z][a-z_]*\d*:$/.test(text)) return "A property needs a value; take the line out for its default.";
  return "Write `key: value`, put a # before it, or take it out.";
}
