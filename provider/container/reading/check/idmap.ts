import { IdMapError, parseEntry, problemsOf, type Entry } from "../../../idmap/index.js";
import { rawOf, type Facts, type Kept } from "./facts.js";
import { error, warning, type Finding } from "./finding.js";

/** What is wrong with `lxc.idmap`, any line of which replaces the whole default map. */
export function idmap(facts: Facts): Finding[] {
  const lines = rawOf(facts, "lxc.idmap");
  if (lines.length === 0) return [];
  const read = lines.map((kept) => ({ kept, entry: entryOf(kept) }));
  const bad = read.flatMap(({ kept, entry }) =>
    typeof entry === "string" ? [error("idmap-line", kept.line, entry, "The container does not start with a map that can't be read.")] : [],
  );
  const entries = read.flatMap(({ kept, entry }) => (typeof entry === "string" ? [] : [{ kept, entry }]));
  return [
    ...bad,
    ...(bad.length > 0
      ? []
      : asAWhole(
          entries.map(({ entry }) => entry),
          lines[0]!.line,
        )),
    ...ofRoot(entries),
  ];
}

function entryOf({ value }: Kept): Entry | string {
  if (value === "") return "is empty: LXC forgets the map before it, and Proxmox VE can't read it";
  try {
    return parseEntry(value);
  } catch (error) {
    if (error instanceof IdMapError) return error.what;
    throw error;
  }
}

function asAWhole(entries: Entry[], line: number): Finding[] {
  return problemsOf(entries).map(({ problem, text }) => {
    if (problem === "incomplete")
      return warning("idmap-incomplete", line, text, "Map them too; files of theirs belong to nobody in the container.");
    const missing = problem === "no-users" || problem === "no-groups";
    if (missing)
      return error(
        "idmap-incomplete",
        line,
        `the map ${text}`,
        `Add lines for them, such as \`lxc.idmap: ${problem === "no-users" ? "u" : "g"} 0 100000 65536\`.`,
      );
    return error("idmap", line, text, "The map must have each id once, for users and for groups.");
  });
}

/** Root of the node is an id like others to the kernel. */
const ofRoot = (entries: { kept: Kept; entry: Entry }[]): Finding[] =>
  entries
    .filter(({ entry }) => entry.host === 0)
    .map(({ kept, entry }) =>
      warning("idmap-host-root", kept.line, `id ${entry.container} of the container is root of the node`, "Map it to an id above 100000."),
    );
