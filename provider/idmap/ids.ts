import { IdMapError } from "./error.js";
import { lastId } from "./limits.js";
import { endOf, type Range } from "./range.js";

/** Refuses what is no id: negative, fractional, beyond 4294967294. `what` names it in the error. */
export function checkId(id: number, what: string): void {
  if (!Number.isSafeInteger(id) || id < 0) throw new IdMapError("not-an-id", `${what} ${id} is no id: it must be a whole number from 0 on`);
  if (id > lastId) throw new IdMapError("out-of-limits", `${what} ${id} is beyond ${lastId}, the last id there is`);
}

/** Refuses a range that has no id, or one that reaches beyond the last. */
export function checkRange(range: Range, what: string): void {
  checkId(range.start, what);
  const { count } = range;
  if (!Number.isSafeInteger(count)) throw new IdMapError("not-an-id", `${what} ${range.start}: the count ${count} must be a whole number`);
  if (count < 1) throw new IdMapError("empty", `${what} ${range.start}: the count ${count} maps no id`);
  if (endOf(range) - 1 > lastId) {
    throw new IdMapError("out-of-limits", `${what} ${range.start} to ${endOf(range) - 1} reaches beyond ${lastId}, the last id there is`);
  }
}
