import { lxcContainerSecurityInputs, type LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { parseConf, parseEntry, parseOptions, property } from "../container/conf.js";
import { declare, giveBack, type EditResult } from "../container/families.js";
import {
  firewallFamilies, firewallLayout, firewallLines, headerFamily, isEmptyFirewall, usedHeaders,
} from "../container/firewall.js";
import { emptyLedger, type Ledger } from "../container/ledger.js";
import { joinLines, splitLines } from "../container/lines.js";
import { postureLines } from "../container/posture.js";
import { shown } from "../container/shown.js";
import {
  confClaims, confRequests, containerPlan, drifted, filePlan, isContainerGone, leftNotes, nothing, planConf, planConfBack,
  readConf, type FilePlan,
} from "./container.js";
import type { Kept, Kind, Plan } from "./kind.js";
import { machineOf } from "./machine.js";
import type { Answers } from "./steps.js";

/** What we did to each of the two files, with the lines that we stand for there. */
interface Memory {
  conf: Ledger;
  confLines: string[];
  firewall: Ledger;
  firewallLines: string[];
}

export interface LxcContainerSecurityState extends LxcContainerSecurityInputs, Kept<Memory> {
  /** the lines that the resource stands for */
  lines: string[];
}

const firewallPath = (vmid: number): string => `/etc/pve/firewall/${vmid}.fw`;

/** Users write Unicode; files are latin1 here. */
const toBytes = (line: string): string => Buffer.from(line, "utf8").toString("latin1");

export const lxcContainerSecurity: Kind<LxcContainerSecurityInputs, LxcContainerSecurityState, Memory> = {
  schema: lxcContainerSecurityInputs,
  replaceOn: ["vmid"],
  title: ({ vmid }) => `container ${vmid}`,

  requests: ({ vmid }) => [...confRequests(vmid), { ask: "file", path: firewallPath(vmid) }],

  isGone: ({ vmid }, answers) => isContainerGone(vmid, answers),

  plan(inputs, former, answers): Plan<Memory> {
    const { vmid, apparmorProfile: profile } = inputs;
    const { conf, firewall, memory } = filesOf(inputs, former, answers);
    const plan = containerPlan(vmid, answers, memory, [conf, firewall], notes(inputs, readConf(vmid, answers)));
    // a container with a profile that is not loaded does not start
    if (plan.steps.length > 0 && profile?.startsWith("lxc-")) plan.steps.splice(1, 0, { do: "loaded", profile });
    return plan;
  },

  planDelete(state, answers, claimed): Plan<undefined> {
    const { vmid, ledger } = state;
    if (isContainerGone(vmid, answers)) return nothing;
    const conf = planConfBack(vmid, readConf(vmid, answers), { lines: ledger.confLines, ledger: ledger.conf }, claimed);
    const firewall = planFirewallBack(state, answers, claimed);
    return containerPlan(vmid, answers, undefined, [conf, firewall], leftNotes([...conf.foreign, ...firewall.foreign]));
  },

  claims: ({ vmid, ledger }) => [
    ...confClaims(vmid, ledger.confLines),
    ...firewallFamilies(ledger.firewallLines).flatMap((family) =>
      family.lines.map((line) => ({
        path: firewallPath(vmid),
        id: family.id,
        exclusive: family.mode === "whole",
        text: firewallLayout.same(line),
      })),
    ),
  ],

  outputs(inputs, ledger, answers, secrecy): LxcContainerSecurityState {
    const state = {
      ...inputs,
      lines: [...ledger.confLines, ...ledger.firewallLines].map((line) => shown(line, secrecy)),
      drift: [],
      machine: machineOf(answers),
      ledger,
    };
    const { conf, firewall } = filesOf(inputs, state, answers);
    return { ...state, drift: drifted([...conf.changes, ...firewall.changes], secrecy) };
  },
};

function filesOf(inputs: LxcContainerSecurityInputs, former: Kept<Memory> | undefined, answers: Answers) {
  const { vmid } = inputs;
  const confLines = postureLines(inputs).map(toBytes);
  const rules = firewallLines(inputs.firewall ?? {}).map(toBytes);
  const before = former && { lines: former.ledger.confLines, ledger: former.ledger.conf };
  const conf = planConf(vmid, readConf(vmid, answers), confLines, before);
  const firewall = planFirewall(vmid, answers, rules, former?.ledger);
  return { conf, firewall, memory: { conf: conf.ledger, confLines, firewall: firewall.ledger, firewallLines: rules } };
}

function planFirewall(vmid: number, answers: Answers, lines: string[], former: Memory | undefined): FilePlan {
  const path = firewallPath(vmid);
  const text = answers.file(path);
  const ledger = former?.firewall ?? emptyLedger();
  const before = former?.firewallLines ?? [];
  if (lines.length === 0 && before.length === 0) return filePlan(path, text, text, { changes: [], ledger, foreign: [] });
  const result = declareFirewall(text ?? "", lines, before, ledger);
  const created = ledger.created ?? text === undefined;
  const goes = created && isEmptyFirewall(result.lines) && lines.length === 0;
  // one that somebody else makes after that is theirs
  if (goes) delete result.ledger.created;
  else if (created) result.ledger.created = true;
  return filePlan(path, text, goes ? undefined : joinLines(result.lines), result);
}

/**
 * A header that is no longer declared goes only where it is ours and nothing stands below it: what stands there, others'
 * or what we have given back, would slip into the section above.
 */
function declareFirewall(text: string, lines: string[], before: string[], ledger: Ledger): EditResult {
  const there = splitLines(text);
  const stands = (header: string) => there.some((line) => firewallLayout.same(line.text) === header);
  const left = before.filter((line) => line.startsWith("[") && !lines.includes(line) && stands(line));
  const wanted = firewallFamilies(lines);
  const first = declare(there, [...wanted, ...left.map(headerFamily)], firewallFamilies(before), ledger, firewallLayout);
  const used = usedHeaders(first.lines, () => false);
  const ours = first.ledger.inserted.map((line) => line.text);
  const unused = left.filter((header) => ours.includes(header) && !used.includes(header));
  const former = [...wanted, ...unused.map(headerFamily)];
  const second = declare(first.lines, wanted, former, first.ledger, firewallLayout);
  return { ...second, changes: [...first.changes, ...second.changes], foreign: [...first.foreign, ...second.foreign] };
}

function planFirewallBack(
  state: LxcContainerSecurityState,
  answers: Answers,
  claimed: (path: string, form: string) => boolean,
): FilePlan {
  const path = firewallPath(state.vmid);
  const ledger = state.ledger.firewall;
  const text = answers.file(path);
  if (text === undefined) return filePlan(path, text, text, { changes: [], ledger, foreign: [] });
  const lines = splitLines(text);
  const ours = new Set(ledger.inserted.map((line) => firewallLayout.same(line.text)));
  const headers = usedHeaders(lines, (line) => ours.has(firewallLayout.same(line)));
  const result = giveBack(lines, firewallFamilies(state.ledger.firewallLines), ledger, firewallLayout, (line) =>
    headers.includes(line.trim().toUpperCase()) || claimed(path, firewallLayout.same(line)),
  );
  return filePlan(path, text, ledger.created && isEmptyFirewall(result.lines) ? undefined : joinLines(result.lines), result);
}

/** What the operator would find out the hard way. */
function notes({ firewall, deviceRules }: LxcContainerSecurityInputs, text: string): string[] {
  const { main } = parseConf(text);
  const nets = main.map((line) => parseEntry(line.text)).filter((entry) => entry && /^net\d+$/.test(entry.key));
  const open = nets.filter((entry) => parseOptions(entry!.value).get("firewall") !== "1").map((entry) => entry!.key);
  const unprivileged = property(main, "unprivileged") === "1";
  const denied = deviceRules?.some(({ action }) => action === "deny");
  return [
    ...(firewall?.enable !== false && firewall && open.length > 0
      ? [`the firewall does nothing on ${open.join(", ")}: set firewall=1 there`]
      : []),
    ...(unprivileged && deviceRules?.length && !denied
      ? [`it is unprivileged and may use every device it is given: allow rules do nothing without a deny before them`]
      : []),
  ];
}
