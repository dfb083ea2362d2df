import { unmapped } from "./coverage.js";
import { idName, idTypes } from "./entry.js";
import { IdMapError, type IdMapProblem } from "./error.js";
import { defaultSize } from "./limits.js";
import type { IdMap } from "./map.js";
import { printRanges } from "./ranges.js";
import { checkMap } from "./sound.js";

/** `incomplete`: the kernel takes the map, but ids are missing in it. */
export interface MapProblem {
  problem: IdMapProblem | "no-users" | "no-groups" | "incomplete";
  /** for people */
  text: string;
}

/**
 * What is wrong with a map that is to be all there is of `lxc.idmap`: any such line replaces the whole default map.
 *
 * @param size how many ids, from 0 on, the container should have
 * @param kernel the node's, as `uname -r` says it
 */
export function problemsOf(map: IdMap, { size = defaultSize, kernel }: { size?: number; kernel?: string } = {}): MapProblem[] {
  const problems: MapProblem[] = [];
  try {
    checkMap(map, kernel);
  } catch (error) {
    if (!(error instanceof IdMapError)) throw error;
    problems.push({ problem: error.problem, text: error.what });
  }
  for (const type of idTypes) {
    const holes = unmapped(map, type, size);
    if (!map.some((entry) => entry.type === type)) problems.push({ problem: type === "u" ? "no-users" : "no-groups", text: noEntry(type) });
    else if (holes.length > 0)
      problems.push({
        problem: "incomplete",
        text: `${idName(type)} ${printRanges(holes)} of the container ${stand(holes)} for none of the host`,
      });
  }
  return problems;
}

const stand = (holes: readonly { count: number }[]): string => (holes.length === 1 && holes[0]!.count === 1 ? "stands" : "stand");

/** What is said of a map that forgets users or groups. */
export const noEntry = (type: "u" | "g"): string =>
  `has no entry for ${type === "u" ? "users (u)" : "groups (g)"}: any lxc.idmap line replaces the whole default map`;
