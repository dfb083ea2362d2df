import { lxcContainerSecurityInputs, type LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import { toBytes } from "../bytes.js";
import { parseConf, parseEntry, parseOptions } from "../container/conf.js";
import { firewallLines } from "../container/firewall.js";
import { confLayout } from "../container/layout.js";
import type { Ledger } from "../container/ledger.js";
import { postureLines } from "../container/posture.js";
import { shown } from "../container/shown.js";
import {
  confClaims, confRequests, containerPlan, drifted, isContainerGone, leftNotes, nothing, planConf, planConfBack,
  readConf,
} from "./container.js";
import { firewallClaims, firewallPath, planFirewall, planFirewallBack } from "./firewall.js";
import type { Claimed, Kept, Kind, Plan } from "./kind.js";
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

export const lxcContainerSecurity: Kind<LxcContainerSecurityInputs, LxcContainerSecurityState, Memory> = {
  schema: lxcContainerSecurityInputs,
  replaceOn: ["vmid"],
  title: ({ vmid }) => `container ${vmid}`,

  requests: ({ vmid }) => [...confRequests(vmid), { ask: "file", path: firewallPath(vmid) }],

  isGone: ({ vmid }, answers) => isContainerGone(vmid, answers),

  plan(inputs, former, answers, claimed): Plan<Memory> {
    const { vmid, apparmorProfile: profile } = inputs;
    const { conf, firewall, memory } = filesOf(inputs, former, answers, claimed);
    const plan = containerPlan(vmid, answers, memory, [conf, firewall], notes(inputs, readConf(vmid, answers)));
    // a container with a profile that is not loaded does not start
    if (plan.steps.length > 0 && profile?.startsWith("lxc-")) plan.steps.splice(1, 0, { do: "loaded", profile });
    return plan;
  },

  planDelete(state, answers, claimed): Plan<undefined> {
    const { vmid, ledger } = state;
    if (isContainerGone(vmid, answers)) return nothing;
    const conf = planConfBack(vmid, readConf(vmid, answers), { lines: ledger.confLines, ledger: ledger.conf }, claimed);
    const firewall = planFirewallBack(vmid, answers, { lines: ledger.firewallLines, ledger: ledger.firewall }, claimed);
    return containerPlan(vmid, answers, undefined, [conf, firewall], leftNotes([...conf.foreign, ...firewall.foreign]));
  },

  claims: ({ vmid, ledger }) => [
    ...confClaims(vmid, ledger.confLines),
    ...firewallClaims(vmid, ledger.firewallLines),
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

function filesOf(inputs: LxcContainerSecurityInputs, former: Kept<Memory> | undefined, answers: Answers, claimed?: Claimed) {
  const { vmid } = inputs;
  const confLines = postureLines(inputs).map(toBytes);
  const rules = firewallLines(inputs.firewall ?? {}).map(toBytes);
  const before = former && { lines: former.ledger.confLines, ledger: former.ledger.conf };
  const conf = planConf(vmid, readConf(vmid, answers), confLines, before, claimed);
  const firewall = planFirewall(vmid, answers, rules, former && { lines: former.ledger.firewallLines, ledger: former.ledger.firewall });
  return { conf, firewall, memory: { conf: conf.ledger, confLines, firewall: firewall.ledger, firewallLines: rules } };
}

/** Keys that wait in `[pve:pending]`, those that wait to be deleted too. */
function pendingKeys(text: string): string[] {
  const { rest } = parseConf(text);
  if (!/^\[pve:pending\]/i.test(rest[0]?.text ?? "")) return [];
  const end = rest.findIndex((line, index) => index > 0 && line.text.startsWith("["));
  const entries = rest.slice(1, end < 0 ? undefined : end).flatMap((line) => parseEntry(line.text) ?? []);
  return entries.flatMap(({ key, value }) => (key === "delete" ? value.split(/[ ,;]+/) : [key]));
}

/** What the operator would find out the hard way. */
function notes(inputs: LxcContainerSecurityInputs, text: string): string[] {
  const { vmid, firewall, deviceRules } = inputs;
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
    ...(denied && allowed.length > 0
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
