import { PostureError } from "../errors.js";
import { changes, endOfIds, idTypes, mapped, normalise, overlaps, printEntry, shift, subtract } from "../idmap/index.js";
import type { IdMap, Move, Range } from "../idmap/index.js";
import type { Refusal } from "./protocol.js";

/** How the shifting of a container's owners is asked of shift-owners.pl on the node, and its answer read. */

/** What is asked of the node. */
export interface ShiftRequest {
  /**
   * - `shift`: the files get the owners of `to`; the container stays mounted, and locked (`disk`), until `unmount`
   * - `unmount`: the container is given back; its configuration must have the map of its files by then
   * - `back`: the files get the owners of `from` again, and the container is given back
   *
   * Each may be asked again after a connection was lost: it goes on where it was, or has nothing left to do.
   */
  do: "shift" | "unmount" | "back";
  vmid: number;
  from: IdMap;
  to: IdMap;
  /** paths within the container, latin1, that are mounts of the node's own files: never touched */
  binds: readonly string[];
  /** paths within the container, latin1, where other volumes of its own are mounted */
  volumes: readonly string[];
  /** whether it ran, and is to run again: the journal keeps it for whoever goes on */
  running?: boolean;
}

/** Files by what became of their owners. */
export interface ShiftCounts {
  /** the user or the group is another one */
  shifted: number;
  kept: number;
  /** the user or the group is in no map: left as it is */
  other: number;
}

/** `done` has counts where it answers `shift`. */
export type ShiftOutcome = { done: Partial<ShiftCounts> } | { refused: Refusal };

/** The moves of one type by way of ids that are free: from → via, then via → to. */
type Detour = { from: number; via: number; count: number };

/**
 * The request as shift-owners.pl reads it.
 *
 * @throws IdMapError where `to` has no id for one that `from` has
 * @throws RangeError for a path that is not within the container, or no line
 */
export function encodeShift({ do: what, vmid, from, to, binds, volumes, running }: ShiftRequest): Buffer {
  const moves = changes(shift(from, to));
  const used = idTypes.flatMap((type) => [...mapped(from, type, "host"), ...mapped(to, type, "host")]);
  const lines = [
    `do ${what}`,
    `vmid ${vmid}`,
    ...normalise(from).map((entry) => `from ${printEntry(entry)}`),
    ...normalise(to).map((entry) => `to ${printEntry(entry)}`),
    ...idTypes.flatMap((type) => moves[type].map((move) => `move ${type} ${move.from} ${move.to} ${move.count}`)),
    ...idTypes.flatMap((type) => detours(moves[type], used).map((one) => `via ${type} ${one.from} ${one.via} ${one.count}`)),
    ...binds.map((path) => `bind ${within(path)}`),
    ...volumes.map((path) => `volume ${within(path)}`),
    ...(running ? ["running"] : []),
    "end",
  ];
  return Buffer.from(`${lines.join("\n")}\n`, "latin1");
}

/** Ids that are taken as a detour; beyond those that anybody gives to a container. */
const firstDetour = 3_000_000_000;

/**
 * Where an id that is moved is also one that another is moved to, a file's owner would not say whether it was moved
 * already: then all go by way of ids that are neither.
 */
function detours(moves: readonly Move[], used: readonly Range[]): Detour[] {
  const unclear = moves.some((one) => moves.some((other) => overlaps({ start: one.from, count: one.count }, { start: other.to, count: other.count })));
  if (!unclear) return [];
  const count = moves.reduce((sum, move) => sum + move.count, 0);
  const room = [firstDetour, 0].flatMap((start) => subtract([{ start, count: endOfIds - start }], used)).find((range) => range.count >= count);
  if (!room) {
    throw new PostureError("invalid-input", `there are no ${count} free ids to move overlapping ranges by`, "Move them to ranges that don't overlap, or in two steps.");
  }
  let via = room.start;
  return moves.map(({ from, count }) => ({ from, via: (via += count) - count, count }));
}

/** As the node walks: without a slash at the front, or twice. */
function within(path: string): string {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (/[\u0000\n\u0100-\uffff]/.test(path) || names.length === 0 || names.includes("..")) {
    throw new RangeError(`not a path within a container: ${JSON.stringify(path)}`);
  }
  return names.join("/");
}

/** What shift-owners.pl said on standard output; undefined where it did not come to its last word. */
export function decodeShift(output: Buffer): ShiftOutcome | undefined {
  const end = output.indexOf("\n");
  const head = output.toString("utf8", 0, Math.max(end, 0));
  if (head === "done") return { done: {} };
  const done = /^done shifted=(\d+) kept=(\d+) other=(\d+)$/.exec(head);
  if (done) {
    const [shifted, kept, other] = done.slice(1).map(Number) as [number, number, number];
    return { done: { shifted, kept, other } };
  }
  const refused = /^refused (\S+) (.*)$/.exec(head);
  return refused ? { refused: { code: refused[1]!, detail: refused[2]!, output: output.toString("utf8", end + 1).trim() } } : undefined;
}
