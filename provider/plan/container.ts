import type { Change } from "../container/editor.js";
import { declare, giveBack } from "../container/families.js";
import { parseConf, parseEntry, parseOptions, property } from "../container/conf.js";
import { confLayout } from "../container/layout.js";
import { emptyLedger, type Ledger } from "../container/ledger.js";
import { joinLines } from "../container/lines.js";
import { familiesOf } from "../container/posture.js";
import { checkConf } from "../container/reading/check/index.js";
import { shown, type Secrecy } from "../container/shown.js";
import { PostureError } from "../errors.js";
import type { Claim, Claimed, Plan } from "./kind.js";
import { machineRequests } from "./machine.js";
import type { Answers, Request, Step } from "./steps.js";

export const confPath = (vmid: number): string => `/etc/pve/lxc/${vmid}.conf`;
const everywhere = (vmid: number): string => `/etc/pve/nodes/*/lxc/${vmid}.conf`;
const running = (vmid: number): string => `/sys/fs/cgroup/lxc/${vmid}`;

/** The lock that Proxmox VE itself takes for a container's configuration (pve-container, PVE::LXC::Config). */
const confLock = (vmid: number): Step => ({ do: "lock", path: `/run/lock/lxc/pve-config-${vmid}.lock` });

export const confRequests = (vmid: number): Request[] => [
  ...machineRequests,
  { ask: "file", path: confPath(vmid) },
  { ask: "paths", pattern: everywhere(vmid) },
  { ask: "paths", pattern: "/etc/pve/lxc" },
  { ask: "paths", pattern: running(vmid) },
];

/** Whether the container is on no node of the cluster any more. */
export function isContainerGone(vmid: number, answers: Answers): boolean {
  return (
    answers.file(confPath(vmid)) === undefined &&
    answers.paths("/etc/pve/lxc").length > 0 &&
    answers.paths(everywhere(vmid)).length === 0
  );
}

const isRunning = (vmid: number, answers: Answers): boolean => answers.paths(running(vmid)).length > 0;

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
  const [elsewhere] = answers.paths(everywhere(vmid));
  if (elsewhere) {
    const owner = elsewhere.split("/")[4];
    throw new PostureError(
      "container-elsewhere",
      `container ${vmid} is on node ${owner} of the cluster`,
      `Its lock has a meaning there only: set \`node\` to how you reach ${owner}.`,
    );
  }
  throw new PostureError("container-not-found", `there is no container ${vmid}`, "`pct list` on the node shows what there is.");
}

/** Why nothing may be written now: Proxmox VE itself has something under way with the container. */
function lockOf(vmid: number, text: string): PostureError | undefined {
  const lock = property(parseConf(text).main, "lock");
  if (lock === undefined) return undefined;
  return new PostureError(
    "container-locked",
    `container ${vmid} is locked (${lock})`,
    `Wait until the ${lock} is over; if it was interrupted, \`pct unlock ${vmid}\` on the node. Nothing was changed.`,
  );
}

/** The plan for a container's files, under its lock. */
export function containerPlan<Memory>(vmid: number, answers: Answers, memory: Memory, files: FilePlan[], notes: string[]): Plan<Memory> {
  const steps = files.flatMap(({ step }) => (step ? [step] : []));
  const changed = files.filter(({ changes }) => changes.length > 0);
  const waits = isRunning(vmid, answers) && steps.some((step) => step.do === "file" && step.path === confPath(vmid));
  const blocked = steps.length > 0 ? lockOf(vmid, readConf(vmid, answers)) : undefined;
  return {
    steps: steps.length > 0 ? [confLock(vmid), ...steps] : [],
    changes: changed.map(({ path, changes }) => ({ path, lines: changes })),
    differences: [],
    findings: steps.flatMap((step) => (step.do === "file" && step.path === confPath(vmid) ? newFindings(step.before, step.after) : [])),
    notes: waits ? [...notes, `it is running: its configuration takes effect when it is restarted (\`pct reboot ${vmid}\`)`] : notes,
    ...(blocked ? { blocked } : {}),
    memory,
  };
}

/** What the change would bring that is hardly meant: what Proxmox VE drops, what contradicts, what does nothing. */
function newFindings(before = "", after = ""): string[] {
  const known = new Set(checkConf(before).map(({ code, message }) => `${code} ${message}`));
  const found = checkConf(after).filter(({ code, message }) => !known.has(`${code} ${message}`));
  return found.map(({ message, hint }) => `${message}. ${hint}`);
}

/** What is to be done where there is nothing to do. */
export const nothing: Plan<undefined> = { steps: [], changes: [], differences: [], notes: [], memory: undefined };

export interface FilePlan {
  path: string;
  /** undefined: nothing to change */
  step: Step | undefined;
  changes: Change[];
  ledger: Ledger;
  foreign: string[];
}

export function planConf(
  vmid: number,
  text: string,
  lines: string[],
  former: { lines: string[]; ledger: Ledger } | undefined,
  claimed: Claimed = () => false,
): FilePlan {
  const conf = parseConf(text);
  const before = familiesOf(former?.lines ?? []);
  const result = declare(
    conf.main,
    familiesOf(lines),
    before,
    former?.ledger ?? emptyLedger(),
    confLayout,
    // the options of the one line of features are given back one by one, and only when the resource goes
    (line) => !isFeature(line) && claimed(confPath(vmid), confLayout.same(line)),
  );
  return filePlan(confPath(vmid), text, joinLines([...result.lines, ...conf.rest]), result);
}

export function planConfBack(
  vmid: number,
  text: string,
  former: { lines: string[]; ledger: Ledger },
  claimed: Claimed,
): FilePlan {
  const conf = parseConf(text);
  const path = confPath(vmid);
  const declared = former.lines.flatMap(optionsOf);
  const mine = declared.filter((line) => !claimed(path, confLayout.same(line)));
  // of the one line of features, each option stays or goes by itself
  const options = mine.filter(isFeature).map((line) => line.slice("features: ".length));
  const lines = [...former.lines.filter((line) => !isFeature(line)), ...(options.length > 0 ? [`features: ${options.join(",")}`] : [])];
  const families = familiesOf(options.length > 0 ? lines : former.lines);
  const result = giveBack(conf.main, families, former.ledger, confLayout, (line) =>
    isFeature(line) ? options.length === 0 : claimed(path, confLayout.same(line)),
  );
  return filePlan(path, text, joinLines([...result.lines, ...conf.rest]), result);
}

export function filePlan(
  path: string,
  before: string | undefined,
  after: string | undefined,
  result: { changes: Change[]; ledger: Ledger; foreign: string[] },
): FilePlan {
  return { path, ...result, step: before === after ? undefined : { do: "file", path, before, after } };
}

export function confClaims(vmid: number, lines: string[]): Claim[] {
  return familiesOf(lines).flatMap((family) =>
    family.lines.flatMap(optionsOf).map((line) => ({
      path: confPath(vmid),
      id: isFeature(line) ? line.split("=")[0]! : family.id,
      exclusive: family.mode === "whole" || isFeature(line),
      text: confLayout.same(line),
    })),
  );
}

const isFeature = (line: string): boolean => parseEntry(line)?.key === "features";

/** `features` is one line for all: its options are declared, and given back, one by one. */
function optionsOf(line: string): string[] {
  if (!isFeature(line)) return [line];
  return [...parseOptions(parseEntry(line)!.value)].map(([key, value]) => `features: ${key}=${value}`);
}

/** What a line of the configuration that differs means to the operator. */
export const drifted = (changes: readonly Change[], secrecy: Secrecy): string[] =>
  changes.map(({ sign, text }) => `${sign === "+" ? "missing" : "in the way"}: ${shown(text, secrecy)}`);

export const leftNotes = (foreign: string[]): string[] =>
  foreign.length > 0 ? [`set by somebody else since, and left: ${foreign.map((line) => shown(line)).join("; ")}`] : [];
