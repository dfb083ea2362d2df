import { splitLines, type Line } from "../lines.js";

/** A change of bytes: those from `offset` on, `length` of them, become `content`. Offsets are those of the text before. */
export interface Edit {
  offset: number;
  length: number;
  content: string;
}

/**
 * What has to be done to a file so that it says something else: whole lines that go and come, in the order of offsets,
 * none touching another. A last line that was not ended gets its line break, and keeps its bytes.
 *
 * @param before, after latin1
 */
export function editsOf(before: string, after: string): Edit[] {
  const [old, now] = [splitLines(before), splitLines(after)];
  const offsets = [0];
  for (const { text, eol } of old) offsets.push(offsets.at(-1)! + text.length + eol.length);
  const edits: Edit[] = [];
  let [a, b] = [0, 0];
  for (const [row, column] of [...keptLines(old, now), [old.length, now.length] as const]) {
    const content = now
      .slice(b, column)
      .map(({ text, eol }) => text + eol)
      .join("");
    add(edits, { offset: offsets[a]!, length: offsets[row]! - offsets[a]!, content });
    const [was, is] = [old[row], now[column]];
    if (was && is && was.eol !== is.eol)
      add(edits, { offset: offsets[row + 1]! - was.eol.length, length: was.eol.length, content: is.eol });
    [a, b] = [row + 1, column + 1];
  }
  return edits;
}

/** Adds an edit, to the one before it where they touch. */
function add(edits: Edit[], edit: Edit): void {
  if (edit.length === 0 && edit.content === "") return;
  const last = edits.at(-1);
  if (last && last.offset + last.length === edit.offset) {
    last.length += edit.length;
    last.content += edit.content;
  } else edits.push(edit);
}

/** The text after the edits. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let at = 0;
  const parts: string[] = [];
  for (const { offset, length, content } of edits) {
    parts.push(text.slice(at, offset), content);
    at = offset + length;
  }
  return parts.join("") + text.slice(at);
}

/** More than this many lines that differ are replaced as one block: finding the smallest difference takes its square. */
const most = 2000;

/** The lines that stay, as pairs of indices, in their order. How a line ends is no matter. */
function keptLines(old: Line[], now: Line[]): [number, number][] {
  const same = (a: number, b: number): boolean => old[a]!.text === now[b]!.text;
  let start = 0;
  while (start < old.length && start < now.length && same(start, start)) start++;
  let end = 0;
  while (end < old.length - start && end < now.length - start && same(old.length - 1 - end, now.length - 1 - end)) end++;
  const between = keptPairs(old.length - start - end, now.length - start - end, (a, b) => same(start + a, start + b)) ?? [];
  return [
    ...Array.from({ length: start }, (_, i): [number, number] => [i, i]),
    ...between.map(([a, b]): [number, number] => [start + a, start + b]),
    ...Array.from({ length: end }, (_, i): [number, number] => [old.length - end + i, now.length - end + i]),
  ];
}

/** The pairs of lines that stay in a smallest difference (Myers 1986); undefined when they differ in too many. */
function keptPairs(rows: number, columns: number, same: (row: number, column: number) => boolean): [number, number][] | undefined {
  const furthest = new Map([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let differences = 0; differences <= Math.min(rows + columns, most); differences++) {
    trace.push(new Map(furthest));
    for (let k = -differences; k <= differences; k += 2) {
      let row = comesDown(furthest, k, differences) ? furthest.get(k + 1)! : furthest.get(k - 1)! + 1;
      while (row < rows && row - k < columns && same(row, row - k)) row++;
      furthest.set(k, row);
      if (row >= rows && row - k >= columns) return pairs(trace, rows, columns);
    }
  }
  return undefined;
}

/** Whether the path to a diagonal comes over a line that is new, not over one that goes. */
const comesDown = (furthest: Map<number, number>, k: number, differences: number): boolean =>
  k === -differences || (k !== differences && furthest.get(k - 1)! < furthest.get(k + 1)!);

function pairs(trace: Map<number, number>[], rows: number, columns: number): [number, number][] {
  const kept: [number, number][] = [];
  let [row, column] = [rows, columns];
  for (let differences = trace.length - 1; differences >= 0; differences--) {
    const furthest = trace[differences]!;
    const k = row - column;
    const from = comesDown(furthest, k, differences) ? k + 1 : k - 1;
    const before = furthest.get(from) ?? 0;
    const [top, left] = differences === 0 ? [0, 0] : [before, before - from];
    while (row > top && column > left) kept.push([--row, --column]);
    [row, column] = [top, left];
  }
  return kept.reverse();
}
