/** The ids from `start` on, `count` of them: [start, start + count). */
export interface Range {
  start: number;
  count: number;
}

/** One past the last id of a range. */
export const endOf = ({ start, count }: Range): number => start + count;

/** The ids from `start` up to, not including, `end`; empty where there are none. */
export const between = (start: number, end: number): Range => ({ start, count: Math.max(0, end - start) });

export const isEmpty = ({ count }: Range): boolean => count <= 0;

export const has = (range: Range, id: number): boolean => id >= range.start && id < endOf(range);

/** The ids that both have; empty where there are none. */
export const intersect = (a: Range, b: Range): Range => between(Math.max(a.start, b.start), Math.min(endOf(a), endOf(b)));

export const overlaps = (a: Range, b: Range): boolean => !isEmpty(intersect(a, b));

/** `7`, or `7 to 9`: the last id is one of them, as people count. */
export const printRange = (range: Range): string => (range.count === 1 ? `${range.start}` : `${range.start} to ${endOf(range) - 1}`);
