import type { Change } from "../container/editor.js";
import { declare, giveBack } from "../container/families.js";
import { parseConf, parseEntry, property } from "../container/conf.js";
import { isOptionsKey, optionsOf } from "../container/options.js";
import { confLayout } from "../container/layout.js";
import { emptyLedger, type Ledger } from "../container/ledger.js";
import { joinLines } from "../container/lines.js";
import { familiesOf } from "../container/posture.js";
import { checkConf, largest, type Finding } from "../container/reading/check/index.js";
import { shown, type Secrecy } from "../container/shown.js";
import { PostureError } from "../errors.js";
import { shiftJournalPath } from "../idmap/index.js";
import { parseLive } from "../container/live.js";
import type { Claim, Claimed, Plan } from "./kind.js";
import { machineRequests } from "./machine.js";
import type { Answers, Request, Step } from "./steps.js";

export const confPath = (vmid: number): string => `/etc/pve/lxc/${vmid}.conf`;
const everywhere = (vmid: number): string => `/etc/pve/nodes/*/lxc/${vmid}.conf`;

/** The lock that Proxmox VE itself takes for a container's configuration (pve-container, PVE::LXC::Config). */
const confLock = (vmid: number): Step => ({ do: "lock", path: `/run/lock/lxc/pve-config-${vmid}.lock` });

export const confRequests = (vmid: number): Request[] => [
  ...machineRequests,
  { ask: "file", path: confPath(vmid) },
  { ask: "paths", pattern: everywhere(vmid) },
  { ask: "paths", pattern: "/etc/pve/lxc" },
  { ask: "live", vmid },
  { ask: "file", path: shiftJournalPath(vmid) },
];

/** Whether the container is on no node of the cluster any more. */
export function isContainerGone(vmid: number, answers: Answers): boolean {
  return (
    answers.file(confPath(vmid)) === undefined &&
    answers.paths("/etc/pve/lxc").length > 0 &&
    answers.paths(everywhere(vmid)).length === 0
  );
}

/** The node of the cluster that has the container, where it is another than the one that was asked. */
export function ownerElsewhere(vmid: number, answers: Answers): string | undefined {
  if (answers.file(confPath(vmid)) !== undefined) return undefined;
  return answers.paths(everywhere(vmid))[0]?.split("/")[4];
}

/** The container's configuration; errors say where it is instead. */
export function readConf(vmid: number, answers: Answers): string {
  const text = answers.file(confPath(vmid));
  if (text !== undefined) return text;
  if (answers.paths("/etc/pve/lxc").length === 0) {
    throw new PostureError(
      "container-not-found",
      "/etc/pve/lxc is not there",
      "Is this a Proxmox VE node, and is pve-cluster running (`systemctl status pve-cluster`)?",
    );
  }
  const owner = ownerElsewhere(vmid, answers);
  if (owner) {
    throw new PostureError(
      "container-elsewhere",
      `container ${vmid} is on node ${owner} of the cluster`,
      `Its lock has a meaning there only. Say under pve-posture:nodes.${owner} how to reach it, and it is followed there; or set \`node\`.`,
    );
  }
  throw new PostureError("container-not-found", `there is no container ${vmid}`, "`pct list` on the node shows what there is.");
}

/** Why nothing may be written now: Proxmox VE itself has something under way with the container. */
export function lockOf(vmid: number, text: string, answers: Answers): PostureError | undefined {
  const lock = property(parseConf(text).main, "lock");
  if (lock === undefined) return undefined;
  if (answers.file(shiftJournalPath(vmid)) !== undefined) {
    return new PostureError(
      "container-locked",
      `container ${vmid} is locked (${lock}) while the owners of its files are changed`,
      "Let `pulumi up` finish that for its LxcContainerSecurity; `pct unlock` would free a container whose files belong to two maps. Nothing was changed.",
    );
  }
  return new PostureError(
    "container-locked",
    `container ${vmid} is locked (${lock})`,
    lock === "mounted"
      ? `Give it back: \`pct unmount ${vmid}\` on the node. Nothing was changed.`
      : `Wait until the ${lock} is over; if it was interrupted, \`pct unlock ${vmid}\` on the node. Nothing was changed.`,
  );
}

/** The plan for a container's files, under its lock. */
export function containerPlan<Memory>(vmid: number, answers: Answers, memory: Memory, files: FilePlan[], notes: string[]): Plan<Memory> {
  const steps = files.flatMap(({ step }) => (step ? [step] : []));
  const changed = files.filter(({ changes }) => changes.length > 0);
  const conf = steps.find((step) => step.path === confPath(vmid));
  const waits = conf && parseLive(answers.live(vmid)) !== undefined;
  const blocked = steps.length > 0 ? lockOf(vmid, readConf(vmid, answers), answers) : undefined;
  return {
    steps: steps.length > 0 ? [confLock(vmid), ...steps] : [],
    changes: changed.map(({ path, changes }) => ({ path, lines: changes })),
    differences: [],
    findings: conf ? newFindings(conf.before, conf.after).map(({ message, hint }) => `${message}. ${hint}`) : [],
    notes: waits ? [...notes, waitsForRestart(vmid)] : notes,
    ...(blocked ? { blocked } : {}),
    memory,
  };
}

export const waitsForRestart = (vmid: number): string =>
  `it is running: its configuration takes effect when it is restarted (\`pct reboot ${vmid}\`)`;

/** What the change would bring that is hardly meant: what Proxmox VE drops, what contradicts, what does nothing. */
export function newFindings(before = "", after = ""): Finding[] {
  const known = new Set(checkConf(before).map(({ code, message }) => `${code} ${message}`));
  return checkConf(after).filter(({ code, message }) => !known.has(`${code} ${message}`));
}

/** What is to be done where there is nothing to do. */
export const nothing: Plan<undefined> = { steps: [], changes: [], differences: [], notes: [], memory: undefined };

type FileStep = Extract<Step, { do: "file" }>;

export interface FilePlan {
  path: string;
  /** undefined: nothing to change */
  step: FileStep | undefined;
  changes: Change[];
  ledger: Ledger;
  foreign: string[];
}

/** Lines of the configuration that a resource stands for. */
export interface Declared {
  lines: string[];
  /** families of which no other line may be there */
  exclusive?: string[];
}

export function planConf(
  vmid: number,
  text: string,
  { lines, exclusive }: Declared,
  former: (Declared & { ledger: Ledger }) | undefined,
  claimed: Claimed = () => false,
): FilePlan {
  const conf = parseConf(text);
  const result = declare(
    conf.main,
    familiesOf(lines, exclusive),
    familiesOf(former?.lines ?? [], former?.exclusive),
    former?.ledger ?? emptyLedger(),
    confLayout,
    // options of one line are given back one by one, and only when the resource goes
    (line) => !hasOptions(line) && claimed(confPath(vmid), confLayout.same(line)),
  );
  return filePlan(confPath(vmid), text, joinLines([...result.lines, ...conf.rest]), result);
}

export function planConfBack(vmid: number, text: string, former: Declared & { ledger: Ledger }, claimed: Claimed): FilePlan {
  const conf = parseConf(text);
  const path = confPath(vmid);
  // of a line of options, each stays or goes by itself
  const split = former.lines.map((line) => {
    const mine = optionsOf(line).filter((option) => !hasOptions(option) || !claimed(path, confLayout.same(option)));
    return { line, mine, stays: mine.length === 0 };
  });
  const lines = split.map(({ line, mine, stays }) => (stays || mine.length === 1 ? (mine[0] ?? line) : joined(mine)));
  const staying = new Set(split.flatMap(({ line, stays }) => (stays ? [parseEntry(line)!.key] : [])));
  const result = giveBack(conf.main, familiesOf(lines, former.exclusive), former.ledger, confLayout, (line) =>
    hasOptions(line) ? staying.has(parseEntry(line)!.key) : claimed(path, confLayout.same(line)),
  );
  return filePlan(path, text, joinLines([...result.lines, ...conf.rest]), result);
}

const hasOptions = (line: string): boolean => isOptionsKey(parseEntry(line)?.key ?? "");
const joined = ([first, ...others]: string[]): string => [first, ...others.map((line) => line.slice(line.indexOf(": ") + 2))].join(",");

export function filePlan(
  path: string,
  before: string | undefined,
  after: string | undefined,
  result: { changes: Change[]; ledger: Ledger; foreign: string[] },
): FilePlan {
  if (after !== undefined && after.length > largest && after.length > (before?.length ?? 0)) {
    throw new PostureError(
      "conflict",
      `${path} would have ${after.length} bytes: /etc/pve holds no file of more than ${largest}`,
      "Shorten what is declared, or the description of the container, which is a part of the file. Nothing was changed.",
    );
  }
  return { path, ...result, step: before === after ? undefined : { do: "file", path, before, after } };
}

export function confClaims(vmid: number, { lines, exclusive }: Declared): Claim[] {
  const path = confPath(vmid);
  return familiesOf(lines, exclusive).flatMap(({ id, mode, lines }): Claim[] => {
    // that there is none is declared too
    if (mode === "whole" && lines.length === 0) return [{ path, id, exclusive: true, text: "" }];
    return lines.flatMap(optionsOf).map((line) => ({
      path,
      id: hasOptions(line) ? line.split("=")[0]! : id,
      exclusive: mode === "whole" || hasOptions(line),
      text: confLayout.same(line),
    }));
  });
}

/** What a line of the configuration that differs means to the operator. */
export const drifted = (changes: readonly Change[], secrecy: Secrecy): string[] =>
  changes.map(({ sign, text }) => `${sign === "+" ? "missing" : "in the way"}: ${shown(text, secrecy)}`);

export const leftNotes = (foreign: string[]): string[] =>
  foreign.length > 0 ? [`set by somebody else since, and left: ${foreign.map((line) => shown(line)).join("; ")}`] : [];
