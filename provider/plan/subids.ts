import { parseConf } from "../container/conf.js";
import { idsOf } from "../container/ids.js";
import type { Change } from "../container/editor.js";
import { addSubids, endOfIds, idTypes, removeSubids, subidNeeds, type IdMap, type IdType, type Range } from "../idmap/index.js";
import { subidsLock, type Answers, type Request, type Step } from "./steps.js";

/**
 * Who may map which ids stands in `/etc/subuid` and `/etc/subgid`. Whether a line there is ours can't be told from it,
 * and the container that it was added for may be gone before the last that needs it: so the node keeps a list.
 */
const files: Record<IdType, { path: string; ours: string }> = {
  u: { path: "/etc/subuid", ours: "/var/lib/pve-posture/subuid" },
  g: { path: "/etc/subgid", ours: "/var/lib/pve-posture/subgid" },
};

const others = "/etc/pve/lxc/*.conf";

export const subidRequests: Request[] = [
  ...idTypes.flatMap((type): Request[] => [
    { ask: "file", path: files[type].path },
    { ask: "file", path: files[type].ours },
  ]),
  { ask: "files", pattern: others },
];

export interface SubidPlan {
  steps: Step[];
  changes: { path: string; lines: Change[] }[];
}

/**
 * Grants what a container's map needs, and takes back what we granted and no container of the node needs any more.
 *
 * @param map undefined where the container needs nothing any more
 */
export function planSubids(vmid: number, map: IdMap | undefined, answers: Answers): SubidPlan {
  const needs = needsOfOthers(vmid, answers);
  const mine: Record<IdType, Range[]> = map ? subidNeeds(map) : { u: [], g: [] };
  const plans = idTypes.map((type) => planFile(files[type], mine[type], needs[type], answers));
  const steps = plans.flatMap(({ steps }) => steps);
  return { steps: steps.length > 0 ? [subidsLock, ...steps] : [], changes: plans.flatMap(({ changes }) => changes) };
}

function planFile({ path, ours }: (typeof files)[IdType], mine: Range[], needed: Range[], answers: Answers): SubidPlan {
  const [text, list] = [answers.file(path), answers.file(ours)];
  const known = readList(list ?? "");
  const { text: without, removed, kept } = removeSubids(text ?? "", known, [...needed, ...mine]);
  const { text: after, added, ended } = addSubids(without, mine);
  const next = { added: [...kept, ...added], ended: (known.ended && kept.length > 0) || ended, made: known.made || text === undefined };
  const left = next.made && after === "" ? undefined : after;
  const file = (at: string, before: string | undefined, now: string | undefined): Step[] =>
    now === before ? [] : [{ do: "file", path: at, before, after: now }];
  const steps = text === undefined && left === undefined ? [] : [...file(path, text, left), ...file(ours, list, printList(next))];
  const lines = [...removed.map((line): Change => ({ sign: "-", text: line })), ...added.map((line): Change => ({ sign: "+", text: line }))];
  return { steps, changes: lines.length > 0 ? [{ path, lines }] : [] };
}

/** The ids that the other containers of the node have; a map that can't be read may be any. */
function needsOfOthers(vmid: number, answers: Answers): Record<IdType, Range[]> {
  const all: Range = { start: 0, count: endOfIds };
  const needs: Record<IdType, Range[]> = { u: [], g: [] };
  for (const [path, text] of Object.entries(answers.files(others))) {
    if (path === `/etc/pve/lxc/${vmid}.conf`) continue;
    const map = idsOf(parseConf(text).main);
    const theirs = map ? subidNeeds(map) : { u: [all], g: [all] };
    // a privileged container maps nothing
    for (const type of idTypes) needs[type].push(...theirs[type].filter(({ count }) => !map || count < endOfIds));
  }
  return needs;
}

/** What else is to be known of a file in the end. */
const marks = { ended: "the last line before ours had no end", made: "the file was made for ours" };

interface List {
  added: string[];
  ended: boolean;
  made: boolean;
}

function readList(text: string): List {
  const lines = text.split("\n").filter(Boolean);
  const known: readonly string[] = Object.values(marks);
  return { added: lines.filter((line) => !known.includes(line)), ended: lines.includes(marks.ended), made: lines.includes(marks.made) };
}

function printList({ added, ended, made }: List): string | undefined {
  if (added.length === 0) return undefined;
  return [...(ended ? [marks.ended] : []), ...(made ? [marks.made] : []), ...added].map((line) => `${line}\n`).join("");
}
