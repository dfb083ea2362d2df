import type { LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { toBytes } from "../bytes.js";
import { parseConf } from "../container/conf.js";
import { idsOf, placesOf, type Places } from "../container/ids.js";
import type { Live } from "../container/live.js";
import { PostureError } from "../errors.js";
import {
  changes, endOfIds, equals, idName, idTypes, IdMapError, parseShiftJournal, printMove, shift, shiftJournalPath, toHost, type IdMap, type Move, type ShiftJournal,
} from "../idmap/index.js";
import type { Answers, Request } from "./steps.js";

/** The owners of a container's files are to become others. */
export interface Shifting extends Places {
  vmid: number;
  /** whether the container runs, and has to be stopped for it */
  running: boolean;
  from: IdMap;
  to: IdMap;
  /** `finished`: they are, and the configuration may follow; `undo`: they were to become others, and shall not */
  state: "needed" | "begun" | "finished" | "undo";
}

/** Whose the files are is asked only where the map changes: it takes a second. */
export const ownerRequest = (vmid: number): Request => ({ ask: "owner", vmid });

type Wish = Pick<LxcContainerSecurityInputs, "vmid" | "shiftOwnership">;

/** What another map comes to. */
export interface Change {
  before: string;
  after: string;
  /** the map was declared before already: the file was edited since, and its files are as they were then */
  repair: boolean;
}

/** Whether a change of the configuration moves ids that files may belong to. */
export const movesIds = ({ before, after }: Pick<Change, "before" | "after">): boolean => {
  const [from, to] = [before, after].map((text) => idsOf(parseConf(text).main));
  return !from || !to || !equals(from, to);
};

/**
 * What has to become of the owners of the container's files for a change of its map.
 *
 * @throws PostureError `conflict` where they belong to the former map, and are not to be shifted
 */
export function shiftingOf({ vmid, shiftOwnership }: Wish, change: Change, live: Live | undefined, answers: Answers): Shifting | undefined {
  const { main } = parseConf(change.before);
  const [from, to] = [idsOf(main), idsOf(parseConf(change.after).main)];
  const places = placesOf(main);
  const journal = parseShiftJournal(answers.file(shiftJournalPath(vmid)) ?? "");
  const running = live !== undefined;
  if (journal) return { ...resumed(vmid, journal, from, to, places), running: running || journal.running };
  if (!to || !places || (from && equals(from, to))) return undefined;
  // it runs with this map already
  if (live?.idmap && equals(live.idmap, to)) return undefined;
  const owner = ownerOf(live, answers, vmid);
  if (owner !== undefined && belongsTo(owner, to) && !(from && belongsTo(owner, from))) return undefined;
  if (!from || (owner !== undefined && !belongsTo(owner, from))) throw unknownOwner(vmid, owner, from, to);
  const moves = movesOf(vmid, from, to);
  if (moves.length === 0 || (change.repair && owner === undefined)) return undefined;
  if (!shiftOwnership) throw refused(vmid, moves);
  return { vmid, running, from, to, ...places, state: "needed" };
}

function resumed(
  vmid: number,
  { from: before, to: after, phase }: ShiftJournal,
  from: IdMap | undefined,
  to: IdMap | undefined,
  places: Places = { volumes: [], binds: [] },
): Omit<Shifting, "running"> {
  // nothing was changed yet: any map will do, and where none changes it only has to be unlocked
  if (phase === 0 && to && from && !equals(from, to)) return { vmid, from, to, ...places, state: "begun" };
  if (phase === 0) return { vmid, from: before, to: after, ...places, state: "undo" };
  if (to && equals(after, to)) return { vmid, from: before, to: after, ...places, state: phase === "done" ? "finished" : "begun" };
  if (to && equals(before, to)) return { vmid, from: before, to: after, ...places, state: "undo" };
  throw new PostureError(
    "conflict",
    `a shift of the files of container ${vmid} was interrupted (${movesOf(vmid, before, after).join(", ")}), and another map is declared now`,
    "Declare one of the two maps: the new one to finish the shift, the former one to undo it.",
  );
}

function ownerOf(live: Live | undefined, answers: Answers, vmid: number): number | undefined {
  if (live?.owner !== undefined) return live.owner;
  const asked = answers.asked(ownerRequest(vmid)) ? /^\d+/.exec(answers.owner(vmid))?.[0] : undefined;
  return asked === undefined ? undefined : Number(asked);
}

/** The root directory belongs to root, as the container sees it. */
const belongsTo = (owner: number, map: IdMap): boolean => toHost(map, "u", 0) === owner;

function movesOf(vmid: number, from: IdMap, to: IdMap): string[] {
  if (from.length > 0 && from.every(({ count }) => count === endOfIds)) throw privileged(vmid);
  try {
    const moves = changes(shift(from, to));
    return idTypes.flatMap((type) => moves[type].map((move: Move) => `${idName(type)} ${printMove(move)}`));
  } catch (error) {
    if (!(error instanceof IdMapError)) throw error;
    throw new PostureError("conflict", `container ${vmid}: ${error.what}`, error.hint, { cause: error });
  }
}

const privileged = (vmid: number) =>
  new PostureError(
    "conflict",
    `container ${vmid} is privileged: its files belong to the node's own ids, and a map would make them nobody's`,
    "Leave `idmap` out, or make the container unprivileged by backing it up and restoring it (`pct restore … --unprivileged 1`).",
  );

const refused = (vmid: number, moves: string[]) =>
  new PostureError(
    "conflict",
    `the files of container ${vmid} belong to its former map; under the new one these ids would be others: ${moves.join(", ")}`,
    "Set `shiftOwnership: true` to have their owners changed with the map (the container is stopped for it), or keep the map.",
  );

function unknownOwner(vmid: number, owner: number | undefined, from: IdMap | undefined, to: IdMap): PostureError {
  const root = (map: IdMap | undefined) => (map ? `${toHost(map, "u", 0) ?? "nobody"}` : "unknown, as its lxc.idmap can't be read");
  return new PostureError(
    "conflict",
    `whose the files of container ${vmid} are can't be told: its root directory belongs to ${owner ?? "an unknown user"}, and its root is ${root(from)} now and would be ${root(to)}`,
    "See to whom its files belong (`pct mount`, `ls -ln`), and let the configuration's map say so first.",
  );
}

/** What is going to happen, as lines for the operator. */
export const shownShift = ({ vmid, from, to, state }: Shifting): { path: string; lines: { sign: "~"; text: string }[] } => ({
  path: `owners of the files of container ${vmid}${{ needed: "", begun: " (begun already)", finished: " (done already)", undo: " (back from an interrupted shift)" }[state]}`,
  lines: (state === "undo" ? movesOf(vmid, to, from) : movesOf(vmid, from, to)).map((text) => ({ sign: "~", text: toBytes(text) })),
});
