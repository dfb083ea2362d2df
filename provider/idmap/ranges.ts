import { between, endOf, intersect, isEmpty, printRange, type Range } from "./range.js";

/** The same ids in as few ranges as possible, in order. */
export function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.filter((one) => !isEmpty(one)).toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && endOf(last) >= range.start) last.count = Math.max(endOf(last), endOf(range)) - last.start;
    else merged.push({ start: range.start, count: range.count });
  }
  return merged;
}

/** The ids of `ranges` that are not among `without`. */
export function subtract(ranges: readonly Range[], without: readonly Range[]): Range[] {
  const holes = merge(without);
  return merge(ranges).flatMap((range) => {
    const left: Range[] = [];
    let from = range.start;
    for (const hole of holes) {
      if (isEmpty(intersect(hole, range))) continue;
      left.push(between(from, hole.start));
      from = endOf(hole);
    }
    return [...left, between(from, endOf(range))].filter((one) => !isEmpty(one));
  });
}

/** The ids that both have. */
export function common(a: readonly Range[], b: readonly Range[]): Range[] {
  return merge(a.flatMap((one) => b.map((two) => intersect(one, two))));
}

/** Whether `ranges` have every id of `wanted`. */
export const covers = (ranges: readonly Range[], wanted: readonly Range[]): boolean => subtract(wanted, ranges).length === 0;

export const countOf = (ranges: readonly Range[]): number => merge(ranges).reduce((sum, { count }) => sum + count, 0);

/** `1, 7 to 9`; a long list is cut short, with how many ids it has. */
export function printRanges(ranges: readonly Range[], most = 5): string {
  const all = merge(ranges);
  const shown = all.slice(0, most).map(printRange).join(", ");
  return all.length <= most ? shown : `${shown} and ${all.length - most} more ranges (${countOf(all)} ids in all)`;
}
