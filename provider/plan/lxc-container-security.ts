import { lxcContainerSecurityInputs, type LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { toBytes } from "../bytes.js";
import { parseConf, parseEntry, parseOptions, property } from "../container/conf.js";
import { firewallLines } from "../container/firewall.js";
import { idsOf } from "../container/ids.js";
import { confLayout } from "../container/layout.js";
import type { Ledger } from "../container/ledger.js";
import { parseLive, type Live } from "../container/live.js";
import { exclusiveFamilies, postureLines } from "../container/posture.js";
import { checkProperty } from "../container/reading/properties.js";
import { shown } from "../container/shown.js";
import { PostureError } from "../errors.js";
import { eachType, equals } from "../idmap/index.js";
import {
  confClaims, confPath, confRequests, containerPlan, drifted, isContainerGone, leftNotes, lockOf, newFindings, nothing, ownerElsewhere, planConf,
  planConfBack, readConf, waitsForRestart, type FilePlan,
} from "./container.js";
import { firewallClaims, firewallPath, planFirewall, planFirewallBack } from "./firewall.js";
import type { Claimed, Kept, Kind, Plan } from "./kind.js";
import { labelOf, liveConfig, notInForce, notInForceMark, restartOf } from "./live.js";
import { hostnameOf, machineOf } from "./machine.js";
import { movesIds, ownerRequest, shiftingOf, shownShift } from "./ownership.js";
import { containerLock, stoppedMark, type Answers, type Request } from "./steps.js";
import { planSubids, subidRequests } from "./subids.js";

/** What we did to each of the two files, with the lines that we stand for there. */
interface Memory {
  conf: Ledger;
  confLines: string[];
  /** families of which no other line may be there; undefined in states of earlier versions */
  confExclusive?: string[];
  firewall: Ledger;
  firewallLines: string[];
  /** the start of the container that ran when we last changed its configuration */
  changedDuring?: string;
  /** whether ids were granted in `/etc/subuid` and `/etc/subgid` */
  subids?: boolean;
}

export interface LxcContainerSecurityState extends LxcContainerSecurityInputs, Kept<Memory> {
  /** the lines that the resource stands for */
  lines: string[];
  /** the node of the cluster that has the container */
  owner: string;
  running: boolean;
  /** what the running container really has */
  live?: Omit<Live, "start" | "owner">;
  /** what the running container will have only when it is restarted */
  waitsForRestart: string[];
}

export const lxcContainerSecurity: Kind<LxcContainerSecurityInputs, LxcContainerSecurityState, Memory> = {
  schema: lxcContainerSecurityInputs,
  replaceOn: ["vmid"],
  // it goes up and down, and others restart it
  incidental: ["running", "live", "waitsForRestart"],
  title: ({ vmid }) => `container ${vmid}`,

  requests: ({ vmid, grantSubids, seccompProfile }) => [
    ...confRequests(vmid),
    { ask: "file", path: firewallPath(vmid) },
    { ask: "file", path: liveConfig(vmid) },
    { ask: "file", path: stoppedMark(vmid) },
    ...(grantSubids ? subidRequests : []),
    ...(seccompProfile === undefined ? [] : [seccompRequest(seccompProfile)]),
  ],

  elsewhere: ({ vmid }, answers) => ownerElsewhere(vmid, answers),

  follow(inputs, former, answers): Request[] {
    const { vmid } = inputs;
    const text = answers.file(confPath(vmid));
    if (text === undefined) return [];
    const { conf } = filesOf(inputs, former, answers);
    const back = former && planConfBack(vmid, text, confOf(former.ledger), () => false);
    const moves = [conf, ...(back ? [back] : [])].some(({ step }) => step?.after !== undefined && movesIds({ before: text, after: step.after }));
    return [
      ...(moves && parseLive(answers.live(vmid)) === undefined ? [ownerRequest(vmid)] : []),
      ...(former?.ledger.subids ? subidRequests : []),
    ];
  },

  isGone: ({ vmid }, answers) => isContainerGone(vmid, answers),

  plan(inputs, former, answers, claimed): Plan<Memory> {
    const { vmid, seccompProfile } = inputs;
    const text = readConf(vmid, answers);
    checkPrivileges(inputs, text);
    checkMountPoints(inputs, text);
    if (seccompProfile !== undefined && answers.paths(seccompProfile).length === 0) throw noSeccomp(seccompProfile);
    const { conf, firewall, memory } = filesOf(inputs, former, answers, claimed);
    const plan = containerPlan(vmid, answers, memory, [conf, firewall], notes(inputs, text));
    return complete(inputs, former, answers, plan, conf, text);
  },

  planDelete(state, answers, claimed): Plan<undefined> {
    const { vmid, ledger } = state;
    if (isContainerGone(vmid, answers)) return nothing;
    const text = readConf(vmid, answers);
    const conf = planConfBack(vmid, text, confOf(ledger), claimed);
    const firewall = planFirewallBack(vmid, answers, { lines: ledger.firewallLines, ledger: ledger.firewall }, claimed);
    const plan = containerPlan(vmid, answers, undefined, [conf, firewall], leftNotes([...conf.foreign, ...firewall.foreign]));
    const { restart, restartTimeoutSeconds, shiftOwnership } = state;
    const back = { node: state.node, vmid, restart, restartTimeoutSeconds, shiftOwnership };
    return { ...complete(back, state, answers, { ...plan, memory: ledger }, conf, text, "back"), memory: undefined };
  },

  claims: ({ vmid, ledger }) => [
    ...confClaims(vmid, confOf(ledger)),
    ...firewallClaims(vmid, ledger.firewallLines),
  ],

  outputs(inputs, ledger, answers, secrecy): LxcContainerSecurityState {
    const { vmid } = inputs;
    const running = parseLive(answers.live(vmid));
    const base = {
      ...inputs,
      lines: [...ledger.confLines, ...ledger.firewallLines].map((line) => shown(line, secrecy)),
      drift: [],
      machine: machineOf(answers),
      owner: hostnameOf(answers),
      running: running !== undefined,
      ...(running ? { live: shownLive(secrecy === "shown" ? running : { ...(running.pid === undefined ? {} : { pid: running.pid }) }) } : {}),
      waitsForRestart: running ? notInForce(inputs, ledger, running, answers).map((line) => shown(line, secrecy)) : [],
      ledger,
    };
    const { conf, firewall } = filesOf(inputs, base, answers);
    const privileges = privilegesDiffer(inputs, readConf(vmid, answers));
    const granted = inputs.grantSubids && ledger.subids ? planSubids(vmid, idsOf(parseConf(readConf(vmid, answers)).main), answers).changes : [];
    const changes = [...conf.changes, ...firewall.changes, ...granted.flatMap(({ lines }) => lines)];
    return { ...base, drift: [...(privileges ? [privileges] : []), ...drifted(changes, secrecy)] };
  },
};

const shownLive = ({ pid, profile, mode, idmap }: Live) => ({
  ...(pid === undefined ? {} : { pid }),
  ...(profile === undefined ? {} : { profile }),
  ...(mode === undefined ? {} : { mode }),
  ...(idmap === undefined ? {} : { idmap }),
});

const confOf = ({ conf, confLines, confExclusive = [] }: Memory) => ({ lines: confLines, exclusive: confExclusive, ledger: conf });

const seccompRequest = (path: string): Request => ({ ask: "paths", pattern: path });

const noSeccomp = (path: string) =>
  new PostureError("conflict", `${path} is not there, and a container without its seccomp profile does not start`, "Put it on the node first, or correct `seccompProfile`.");

/** The rest of a plan, for which the files' new texts must be known: owners, granted ids, the restart. */
function complete(
  inputs: LxcContainerSecurityInputs,
  former: Kept<Memory> | undefined,
  answers: Answers,
  plan: Plan<Memory>,
  conf: FilePlan,
  text: string,
  towards: "declared" | "back" = "declared",
): Plan<Memory> {
  const { vmid, apparmorProfile: profile } = inputs;
  const live = parseLive(answers.live(vmid));
  const after = conf.step?.after ?? text;
  const repair = towards === "declared" && former !== undefined && sameMap(former.ledger.confLines, plan.memory.confLines);
  const shifting = shiftingOf(inputs, { before: text, after, repair }, live, answers);
  if (shifting?.state === "needed" && live && (inputs.restart ?? "never") === "never") throw mustStop(vmid);
  // the lock that the shift itself has put there
  if (shifting && shifting.state !== "needed" && ["mounted", "disk"].includes(property(parseConf(text).main, "lock") ?? "")) delete plan.blocked;
  if (conf.step && plan.steps.length > 0 && profile?.startsWith("lxc-")) {
    // a container with a profile that is not loaded does not start
    plan.steps.splice(1, 0, { do: "loaded", profile });
  }
  const contradiction = conf.step && towards === "declared" ? contradictionOf(inputs, conf.step.before, after) : undefined;
  const grant = inputs.grantSubids || former?.ledger.subids;
  const subids = grant ? planSubids(vmid, inputs.grantSubids ? idsOf(parseConf(after).main) : undefined, answers) : undefined;
  const memory: Memory = {
    ...plan.memory,
    ...(conf.step && live?.start && !isInForce(inputs, conf, live) ? { changedDuring: live.start } : {}),
    ...(inputs.grantSubids ? { subids: true } : {}),
  };
  const waiting = live && towards === "declared" ? notInForce(inputs, memory, live, answers) : [];
  // one that we have stopped ourselves is to run again
  const stopped = !live && (shifting?.running || answers.file(stoppedMark(vmid)) !== undefined);
  const runs = live ?? (stopped ? {} : undefined);
  const changed = stopped || shifting !== undefined || (conf.step !== undefined && !isInForce(inputs, conf, live));
  const restart = runs || towards === "declared" ? restartOf(inputs, runs, changed, waiting) : undefined;
  const begins = restart && (stopped ? { ...restart, start: true } : restart);
  const blocked = plan.blocked ?? contradiction ?? (restart && !shifting ? lockOf(vmid, text, answers) : undefined);
  const steps = [...(subids && plan.steps.length === 0 ? [] : plan.steps), ...(subids?.steps ?? [])];
  return {
    ...plan,
    steps: begins ? [containerLock(vmid), ...steps, begins] : steps,
    changes: [...plan.changes, ...(subids?.changes ?? []), ...(shifting ? [shownShift(shifting)] : [])],
    differences: restart && !conf.step ? [...waiting.map((line) => `${notInForceMark}${line}`), ...(stopped ? ["it was stopped for a change, and not started again"] : [])] : [],
    notes: [
      ...plan.notes.filter((note) => !restart || note !== waitsForRestart(vmid)),
      ...(restart ? [live ? "it is restarted for it" : "it is started for it"] : []),
    ],
    ...(blocked ? { blocked } : {}),
    ...(shifting ? { shifting } : {}),
    memory,
  };
}

/** Whether a change only writes down what the running container has already: its ids, or its profile. */
function isInForce({ vmid, apparmorProfile, idmap }: LxcContainerSecurityInputs, { changes }: FilePlan, live: Live | undefined): boolean {
  const keys = new Set(changes.map(({ text }) => parseEntry(text)?.key));
  const holds = (key: string | undefined) =>
    (key === "lxc.idmap" && idmap !== undefined && live?.idmap !== undefined && equals(eachType(idmap), live.idmap)) ||
    (key === "lxc.apparmor.profile" && live?.profile !== undefined && live.profile === labelOf(vmid, apparmorProfile));
  return changes.length > 0 && [...keys].every(holds);
}

const mapLines = (lines: readonly string[]): string[] => lines.filter((line) => parseEntry(line)?.key === "lxc.idmap");
const sameMap = (one: readonly string[], two: readonly string[]): boolean => mapLines(one).join("\n") === mapLines(two).join("\n") && mapLines(one).length > 0;

const mustStop = (vmid: number) =>
  new PostureError(
    "conflict",
    `container ${vmid} is running, and the owners of its files can be changed only while it is stopped`,
    'Stop it first (`pct shutdown`), or set `restart: "if-running"` to have it stopped for it and started again.',
  );

/** Findings that say that what is declared does not hold or keeps the container from starting: nobody means that. */
const contradictions = new Set(["device-rule-refused", "drop-and-keep", "unknown-capability", "unknown-limit", "invalid-limit", "mount-entry", "unknown-auto-mount", "profile-name", "idmap", "idmap-line"]);

/** Those that rules of another resource may mend, unless no others may be there. */
const ofDevices = new Set(["deny-all-denies-nothing", "device-denied"]);

function contradictionOf({ vmid, exclusive = [] }: LxcContainerSecurityInputs, before: string | undefined, after: string): PostureError | undefined {
  const counts = (code: string) => contradictions.has(code) || (exclusive.includes("deviceRules") && ofDevices.has(code));
  const found = newFindings(before, after).filter(({ code, severity }) => severity === "error" && counts(code));
  if (found.length === 0) return undefined;
  const [first] = found as [(typeof found)[number]];
  return new PostureError("conflict", `what is declared of container ${vmid} contradicts itself: ${found.map(({ message }) => message).join("; ")}`, `${first.hint} Nothing was changed.`);
}

/** How the container's privileges differ from what is declared; they are read, and never changed. */
function privilegesDiffer({ vmid, unprivileged }: LxcContainerSecurityInputs, text: string): string | undefined {
  if (unprivileged === undefined) return undefined;
  const value = property(parseConf(text).main, "unprivileged");
  const is = value !== undefined && checkProperty("unprivileged", value).value === 1;
  return is === unprivileged ? undefined : `container ${vmid} is ${is ? "unprivileged" : "privileged"}, and is declared not to be`;
}

function checkPrivileges(inputs: LxcContainerSecurityInputs, text: string): void {
  const problem = privilegesDiffer(inputs, text);
  if (problem === undefined) return;
  const to = inputs.unprivileged ? 1 : 0;
  throw new PostureError(
    "conflict",
    problem,
    `Its files would belong to the wrong users otherwise, so that is never flipped here. Back it up and restore it: \`pct restore ${inputs.vmid} <backup> --unprivileged ${to}\`.`,
  );
}

function checkMountPoints({ vmid, mountPoints = {} }: LxcContainerSecurityInputs, text: string): void {
  const { main } = parseConf(text);
  const missing = Object.keys(mountPoints).filter((key) => property(main, key) === undefined);
  if (missing.length === 0) return;
  throw new PostureError(
    "conflict",
    `container ${vmid} has no ${missing.join(", ")}, of which \`mountPoints\` declares options`,
    "Make the mount point first (`pct set`), or take it out of `mountPoints`.",
  );
}

function filesOf(inputs: LxcContainerSecurityInputs, former: Kept<Memory> | undefined, answers: Answers, claimed?: Claimed) {
  const { vmid } = inputs;
  const confLines = postureLines(inputs).map(toBytes);
  const confExclusive = exclusiveFamilies(inputs);
  const rules = firewallLines(inputs.firewall ?? {}).map(toBytes);
  const conf = planConf(vmid, readConf(vmid, answers), { lines: confLines, exclusive: confExclusive }, former && confOf(former.ledger), claimed);
  const firewall = planFirewall(vmid, answers, rules, former && { lines: former.ledger.firewallLines, ledger: former.ledger.firewall });
  const memory: Memory = {
    conf: conf.ledger,
    confLines,
    ...(confExclusive.length > 0 ? { confExclusive } : {}),
    firewall: firewall.ledger,
    firewallLines: rules,
    ...(former?.ledger.changedDuring === undefined ? {} : { changedDuring: former.ledger.changedDuring }),
  };
  return { conf, firewall, memory };
}

/** Keys that wait in `[pve:pending]`, those that wait to be deleted too. */
function pendingKeys(text: string): string[] {
  const pending = parseConf(text).sections.filter(({ kind }) => kind === "pending");
  const entries = pending.flatMap(({ lines }) => lines.flatMap((line) => parseEntry(line.text) ?? []));
  return entries.flatMap(({ key, value }) => (key === "delete" ? value.split(/[ ,;]+/) : [key]));
}

/** What the operator would find out the hard way. */
function notes(inputs: LxcContainerSecurityInputs, text: string): string[] {
  const { vmid, firewall, deviceRules, exclusive = [] } = inputs;
  const declaredKeys = new Set(postureLines(inputs).map((line) => parseEntry(line)?.key));
  const { main } = parseConf(text);
  const nets = main.map((line) => parseEntry(line.text)).filter((entry) => entry && /^net\d+$/.test(entry.key));
  const open = nets.filter((entry) => parseOptions(entry!.value).get("firewall") !== "1").map((entry) => entry!.key);
  const denied = deviceRules?.some(({ action }) => action === "deny");
  const pending = pendingKeys(text).filter((key) => declaredKeys.has(key));
  const declaredRules = new Set(deviceRules?.map(({ action, rule }) => confLayout.same(`lxc.cgroup2.devices.${action}: ${rule}`)));
  const allowed = main
    .map((line) => confLayout.same(line.text))
    .filter((line) => /^lxc\.cgroup2\.devices\.allow: ./.test(line) && !declaredRules.has(line));
  return [
    ...(denied && allowed.length > 0 && !exclusive.includes("deviceRules")
      ? [`still allowed by lines that are not declared here: ${allowed.map((line) => line.slice(27)).join(", ")}`]
      : []),
    ...(pending.length > 0
      ? [`a pending change of ${pending.join(", ")} will override what is declared at the next start (\`pct pending ${vmid}\`)`]
      : []),
    ...(firewall?.enable !== false && firewall && open.length > 0
      ? [`the firewall does nothing on ${open.join(", ")}: set firewall=1 there`]
      : []),
  ];
}
