import type { Range } from "./range.js";
import { common, covers } from "./ranges.js";
import { parseSubid, parseSubids, printSubid, printSubids, type SubidLine } from "./subid-file.js";
import { granted, missing, root, type Owner } from "./subid-needs.js";

export interface Added {
  text: string;
  /** the lines that were added, such as `root:100000:65536`; to be kept for `removeSubids` */
  added: string[];
  /** whether the last line had no end, and got one */
  ended: boolean;
}

/** Adds what the owner does not have yet of the needed ids, at the end; what is there stays as it is. */
export function addSubids(text: string, needed: readonly Range[], owner: Owner = root): Added {
  const lines = parseSubids(text);
  const added = missing(lines, needed, owner).map((range) => printSubid({ owner: owner.name, ...range }));
  const ended = added.length > 0 && lines.at(-1)?.eol === "";
  return { text: text + (ended ? "\n" : "") + added.map((line) => `${line}\n`).join(""), added, ended };
}

export interface Removed {
  text: string;
  removed: string[];
  /** lines that others still need; theirs to remove */
  kept: string[];
}

/**
 * Removes the lines that were added, except those without which ids that others need would no longer be granted. Of
 * equal lines the last goes. A line that is not there any more is passed over.
 *
 * @param others the ids that all other containers need
 */
export function removeSubids(
  text: string,
  { added, ended }: Pick<Added, "added" | "ended">,
  others: readonly Range[],
  owner: Owner = root,
): Removed {
  const lines = parseSubids(text);
  const removed: string[] = [];
  const kept: string[] = [];
  for (const line of added) {
    const index = lines.findLastIndex((one) => one.text === line);
    if (index < 0) continue;
    if (isNeeded(lines, index, others, owner)) kept.push(line);
    else {
      lines.splice(index, 1);
      removed.push(line);
    }
  }
  const last = lines.at(-1);
  // the file gets back the missing end of its last line, unless somebody has added lines since
  if (last && ended && removed.length === added.length && text.endsWith(`${added.at(-1)}\n`)) last.eol = "";
  return { text: printSubids(lines), removed, kept };
}

function isNeeded(lines: readonly SubidLine[], index: number, others: readonly Range[], owner: Owner): boolean {
  const entry = parseSubid(lines[index]!.text);
  if (!entry) return false;
  const without = lines.filter((_, i) => i !== index);
  return !covers(granted(without, owner), common([entry], others));
}
