import { Editor, type Change } from "./editor.js";
import type { Ledger, Removed } from "./ledger.js";
import { isBlank, type Line } from "./lines.js";

/**
 * Lines that belong together.
 *
 * - `whole`: the declared lines are all there are (`lxc.idmap`: a map is complete or wrong);
 * - `shared`: the declared lines stand among those of others (`lxc.mount.entry`);
 * - `ordered`: shared, and each line marked `first` comes before every line of the family (`lxc.cgroup2.devices.*`,
 *   where `deny a` makes LXC forget the rules before it);
 * - `merged`: one line, of which the declared part is ours (`features`).
 */
export interface Family {
  id: string;
  mode: "whole" | "shared" | "ordered" | "merged";
  /** whether a line of the file is of this family */
  has(text: string): boolean;
  lines: string[];
  /** `shared`, `ordered`: no other line of the family may stand there, but those that another declaration claims */
  exclusive?: boolean;
  first?(text: string): boolean;
  /** whether a line makes LXC forget those of the family before it: ours have to stand after it */
  resets?(text: string): boolean;
  /** `merged`: the line with the declared part in it; undefined when nothing is left to say */
  merge?(current: string | undefined): string | undefined;
  /** `merged`: a line that somebody has taken out stays out: what it was about is gone */
  gone?: boolean;
  /** `merged`: the line with the declared part as it was in `before` */
  unmerge?(current: string, before: string | undefined): string | undefined;
}

export interface EditResult {
  lines: Line[];
  ledger: Ledger;
  changes: Change[];
  /** lines that somebody else set in our place since, and that were therefore left */
  foreign: string[];
}

export interface Layout {
  /** one form for all ways to write the same line */
  same(text: string): string;
  /** where a line of a family that has none yet goes */
  home(lines: readonly Line[], text: string): number;
}

/**
 * Makes the lines say what is declared. What a former declaration of ours put there and this one doesn't, goes.
 *
 * @param claimed lines that another declaration stands for too; they stay
 */
export function declare(
  lines: readonly Line[],
  families: Family[],
  former: Family[],
  ledger: Ledger,
  layout: Layout,
  claimed: (text: string) => boolean = () => false,
): EditResult {
  const editor = new Editor(lines, ledger, layout.same);
  const now = new Set(families.map(({ id }) => id));
  const gone = former.filter(({ id }) => !now.has(id));
  // a merged line starts afresh, so that an option that is no longer declared is as it was before; and so do lines that
  // are or were alone
  const afresh = former.filter((family) => {
    const next = families.find(({ id }) => id === family.id);
    if (!next || family.mode === "whole" || sameFamily(family, next)) return false;
    return family.mode === "merged" || family.exclusive || next.exclusive;
  });
  const there = new Set([...editor.ledger.found, ...editor.ledger.removed].map(({ family, text }) => `${family} ${layout.same(text)}`));
  const alone = [...gone.filter(({ mode, exclusive }) => mode === "whole" || mode === "merged" || exclusive), ...afresh];
  const foreign = release(editor, alone, layout, claimed);
  restore(editor, (id) => alone.some((family) => family.id === id));
  editor.ledger.found = editor.ledger.found.filter(({ family }) => !alone.some(({ id }) => id === family));
  for (const family of gone) if (!alone.includes(family)) withdraw(editor, family, [], layout, claimed);
  for (const family of families) {
    const before = former.find(({ id }) => id === family.id);
    if (before && family.mode !== "merged" && !afresh.includes(before)) withdraw(editor, before, family.lines, layout, claimed);
    if (family.exclusive && family.mode !== "whole") {
      const isDrift = (text: string) => before?.exclusive === true && !there.has(`${family.id} ${layout.same(text)}`);
      removeStrangers(editor, family, layout, isDrift, claimed);
    }
    establish(editor, family, layout, before);
    if (family.mode !== "merged") editor.adopt(family.id, family.lines, family.has);
  }
  editor.ledger.found = editor.ledger.found.filter(({ family }) => now.has(family));
  const present = new Set(editor.lines.map(({ text }) => layout.same(text)));
  editor.ledger.inserted = editor.ledger.inserted.filter(({ text }) => present.has(layout.same(text)));
  return { lines: editor.lines, ledger: editor.ledger, changes: afresh.length > 0 ? net(editor.changes) : editor.changes, foreign };
}

/**
 * Gives back what was there before.
 *
 * @param claimed lines that another declaration has since made its own; they stay
 */
export function giveBack(
  lines: readonly Line[],
  former: Family[],
  ledger: Ledger,
  layout: Layout,
  claimed: (text: string) => boolean = () => false,
): EditResult {
  const editor = new Editor(lines, ledger, layout.same);
  const foreign = release(editor, former, layout, claimed);
  restore(editor, () => true);
  const last = editor.lines.at(-1);
  if (last && editor.ledger.ended === last.text && last.eol === "\n") last.eol = "";
  return { lines: editor.lines, ledger: editor.ledger, changes: editor.changes, foreign };
}

const sameFamily = (one: Family, other: Family): boolean =>
  one.lines.join("\n") === other.lines.join("\n") && one.exclusive === other.exclusive;

/** Without what only went to come back. Lines that merely change places are all there is to tell of, where that is so. */
function net(changes: readonly Change[]): Change[] {
  const left: Change[] = [];
  for (const change of changes) {
    const at = left.findIndex(({ sign, text }) => text === change.text && sign !== change.sign);
    if (at < 0) left.push(change);
    else left.splice(at, 1);
  }
  return left.length > 0 ? left : [...changes];
}

/** Takes back lines that were declared and are no longer. Those that were there before us stay. */
function withdraw(
  editor: Editor,
  before: Family,
  stay: string[],
  { same }: Layout,
  claimed: (text: string) => boolean,
): void {
  const staying = new Set(stay.map(same));
  if (before.mode === "whole") return; // establish() replaces them, in their place
  const going = new Set(before.lines.map(same).filter((form) => !staying.has(form)));
  for (let i = editor.lines.length - 1; i >= 0; i--) {
    const { text } = editor.lines[i]!;
    if (!before.has(text) || !going.has(same(text)) || editor.ours(text)?.family !== before.id) continue;
    if (!claimed(text)) editor.remove(i, before.id, false);
  }
  editor.release(before.id, going);
}

function establish(editor: Editor, family: Family, layout: Layout, before: Family | undefined): void {
  if (family.mode === "merged") return establishMerged(editor, family, layout);
  const satisfied = family.mode === "whole" ? wholeHolds : sharedHolds;
  if (satisfied(editor, family, layout)) return;
  if (family.mode === "whole") replaceAll(editor, family, layout, before);
  else {
    removeContrary(editor, family, layout);
    addMissing(editor, family, layout);
  }
  if (satisfied(editor, family, layout)) return;
  // all are there, in an order that LXC would read otherwise: set them anew
  const declared = new Set(family.lines.map(layout.same));
  for (let i = editor.lines.length - 1; i >= 0; i--) {
    const { text } = editor.lines[i]!;
    if (family.has(text) && declared.has(layout.same(text))) editor.remove(i, family.id, true);
  }
  addMissing(editor, family, layout);
}

const membersOf = (editor: Editor, family: Family): { text: string; index: number }[] =>
  editor.lines.map(({ text }, index) => ({ text, index })).filter(({ text }) => family.has(text));

function wholeHolds(editor: Editor, family: Family, { same }: Layout): boolean {
  const present = membersOf(editor, family).map(({ text }) => same(text));
  return present.length === family.lines.length && family.lines.every((line, i) => same(line) === present[i]);
}

/** What stands there without being declared. In a family that was ours alone already, what is new is drift, and not given back. */
function removeStrangers(
  editor: Editor,
  family: Family,
  { same }: Layout,
  isDrift: (text: string) => boolean,
  claimed: (text: string) => boolean,
): void {
  const declared = new Set(family.lines.map(same));
  for (const { text, index } of membersOf(editor, family).toReversed()) {
    if (!declared.has(same(text)) && !claimed(text)) editor.remove(index, family.id, !isDrift(text));
  }
}

/** The members that LXC still knows at the end: those after the last line that makes it forget. */
function remembered(editor: Editor, family: Family): { text: string; index: number }[] {
  const members = membersOf(editor, family);
  return members.slice(members.findLastIndex(({ text }) => family.resets?.(text)) + 1);
}

/** Somebody else's firsts among lines with firsts of ours: the last one wins, and makes LXC forget the others. */
function contrary(editor: Editor, family: Family, { same }: Layout): { text: string; index: number }[] {
  const declared = family.lines.filter((line) => family.first?.(line)).map(same);
  if (declared.length === 0) return [];
  return remembered(editor, family).filter(({ text }) => family.first!(text) && !declared.includes(same(text)));
}

function removeContrary(editor: Editor, family: Family, layout: Layout): void {
  for (const { index } of contrary(editor, family, layout).toReversed()) editor.remove(index, family.id, true);
}

function sharedHolds(editor: Editor, family: Family, layout: Layout): boolean {
  const { same } = layout;
  const present = remembered(editor, family);
  const forms = present.map(({ text }) => same(text));
  if (family.mode === "shared") return family.lines.every((line) => forms.includes(same(line)));
  if (contrary(editor, family, layout).length > 0) return false;
  // a first that stands below a rule makes LXC forget it
  const lastFirst = present.findLastIndex(({ text }) => family.first?.(text));
  let at = -1;
  for (const line of family.lines) {
    const first = family.first?.(line) ?? false;
    at = forms.indexOf(same(line), first ? at + 1 : Math.max(at, lastFirst) + 1);
    if (at < 0) return false;
    if (first && !present.slice(0, at).every(({ text }) => family.first!(text))) return false;
  }
  return true;
}

function replaceAll(editor: Editor, family: Family, layout: Layout, before: Family | undefined): void {
  const present = membersOf(editor, family);
  const at = present[0]?.index;
  const adopted = new Set(before?.lines.map(layout.same));
  for (const { index, text } of present.toReversed()) {
    // in a family that was ours already, a line that we neither wrote nor adopted is drift
    editor.remove(index, family.id, !before || adopted.has(layout.same(text)));
  }
  family.lines.forEach((line, i) => {
    editor.insert(at === undefined ? layout.home(editor.lines, line) : at + i, family.id, line);
  });
}

function addMissing(editor: Editor, family: Family, layout: Layout): void {
  let firsts = 0;
  for (const line of family.lines) {
    const present = membersOf(editor, family);
    if (present.some(({ text }) => layout.same(text) === layout.same(line))) continue;
    const known = remembered(editor, family);
    const last = present.at(-1);
    const behind = last ? last.index + 1 : layout.home(editor.lines, line);
    if (family.first?.(line)) editor.insert(known[firsts++]?.index ?? behind, family.id, line);
    else editor.insert(behind, family.id, line);
  }
}

function establishMerged(editor: Editor, family: Family, layout: Layout): void {
  const current = membersOf(editor, family).at(-1);
  const eol = current ? editor.lines[current.index]!.eol : "\n";
  const wanted = family.merge!(current?.text);
  const written = [...editor.ledger.inserted, ...editor.ledger.removed].some((line) => line.family === family.id);
  const found = editor.ledger.found.find((line) => line.family === family.id);
  if (current && wanted !== undefined && layout.same(wanted) === layout.same(current.text)) {
    if (!written && !found) editor.adopt(family.id, [current.text], family.has);
    return;
  }
  const index = current?.index ?? (wanted === undefined ? 0 : layout.home(editor.lines, wanted));
  if (current) editor.remove(index, family.id, !written && !found);
  editor.forget(family.id);
  if (wanted === undefined) return;
  // what was there before us is the line as we found it, not what somebody has made of it since
  if (found && layout.same(found.text) !== layout.same(wanted)) editor.displace(index, found, eol);
  editor.insert(index, family.id, wanted);
}

/**
 * Takes our lines of the families out, and drops from the ledger what can't be given back because somebody else has
 * set something there since; returns those lines.
 */
function release(editor: Editor, families: Family[], layout: Layout, claimed: (text: string) => boolean): string[] {
  const foreign: string[] = [];
  for (const family of families.toReversed()) {
    if (family.mode === "merged") {
      releaseMerged(editor, family, layout, claimed);
      continue;
    }
    for (let i = editor.lines.length - 1; i >= 0; i--) {
      const { text } = editor.lines[i]!;
      if (family.has(text) && editor.ours(text)?.family === family.id && !claimed(text)) editor.remove(i, family.id, false);
    }
    editor.forget(family.id);
    const others = membersOf(editor, family).map(({ text }) => text);
    const back = editor.ledger.removed.filter((removed) => removed.family === family.id);
    // that no line is there may be what another declares
    const taken = family.mode === "whole" && (others.length > 0 || claimed(family.id));
    const lost = taken ? back : back.filter((removed) => isThere(others, removed, layout));
    editor.ledger.removed = editor.ledger.removed.filter((removed) => !lost.includes(removed));
    if (family.mode === "whole" && lost.length > 0) foreign.push(...others.filter((text) => !claimed(text)));
  }
  return foreign;
}

/** Whether somebody has put the line back already; equal lines that were never away don't count. */
function isThere(texts: string[], { text, twins = 0 }: Removed, { same }: Layout): boolean {
  return texts.filter((other) => same(other) === same(text)).length > twins;
}

function releaseMerged(editor: Editor, family: Family, layout: Layout, claimed: (text: string) => boolean): void {
  const current = membersOf(editor, family).at(-1);
  const before = editor.ledger.removed.find((removed) => removed.family === family.id);
  const wrote = editor.ledger.inserted.some((line) => line.family === family.id);
  const drop = () => (editor.ledger.removed = editor.ledger.removed.filter((removed) => removed !== before));
  if (!current && family.gone) drop();
  if (!current || (!wrote && !before)) return;
  if (claimed(current.text)) drop();
  else {
    const wanted = family.unmerge!(current.text, before?.text);
    editor.remove(current.index, family.id, false);
    // a line that says nothing is given back where nothing is left to say
    const says = (text: string) => family.unmerge!(text, text);
    const exact = before && (wanted === undefined ? says(before.text) === undefined : layout.same(wanted) === layout.same(before.text));
    if (!exact) {
      drop();
      if (wanted !== undefined) editor.insert(current.index, family.id, wanted);
    }
  }
  editor.forget(family.id);
}

/** Puts back what we removed, the last first, so that each finds what stood before it. */
function restore(editor: Editor, which: (family: string) => boolean): void {
  for (const removed of editor.ledger.removed.toReversed()) if (which(removed.family)) editor.restore(removed);
}

/** The index after the last line that is not blank, so that blank lines before the next section stay there. */
export function endOf(lines: readonly Line[]): number {
  return lines.findLastIndex(({ text }) => !isBlank(text)) + 1;
}
