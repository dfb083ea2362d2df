import type { FirewallInputs, FirewallRule } from "../../schemas/firewall.js";
import type { PhoenixContainer, PhoenixFirewall } from "../../schemas/phoenix.js";
import type { Reading } from "./reading.js";

type Rule = NonNullable<PhoenixFirewall["rules"]>[number];
const known = new Set(["type", "action", "source", "dest", "proto", "port", "comment"]);

/** The container's firewall as Proxmox VE has it. */
export function readFirewall({ firewall, ports }: PhoenixContainer, reading: Reading): FirewallInputs | undefined {
  if (firewall?.enabled !== true && ports?.length) {
    reading.note(`No firewall limits who reaches the ports ${ports.join(", ")}: add \`firewall\` to the file to do so.`);
  }
  if (!firewall) return undefined;
  const rules = (firewall.rules ?? []).map((rule, index) => readRule(rule, `firewall.rules[${index}]`, reading));
  const once = rules.filter((rule, index) => rules.findIndex((other) => JSON.stringify(other) === JSON.stringify(rule)) === index);
  if (once.length < rules.length) reading.note(`firewall.rules: ${rules.length - once.length} repeat an earlier one and are left out.`);
  const inward = once.some((rule) => rule.direction === "in");
  noteEffect(firewall, once, reading);
  return {
    ...(firewall.enabled === undefined ? {} : { enable: firewall.enabled }),
    // Rules that let somebody in mean nothing while everybody else may come in, too.
    ...(inward ? { policyIn: "DROP" as const } : {}),
    ...(once.length > 0 ? { rules: once } : {}),
  };
}

function readRule(rule: Rule, path: string, reading: Reading): FirewallRule {
  for (const key of Object.keys(rule).filter((key) => !known.has(key))) {
    reading.problem(`${path}.${key}`, `isn't known (${[...known].join(", ")} are): without it the rule could mean more than it should. Remove it`);
  }
  const { type, action, source, dest, proto, port, comment } = rule;
  const optional = { source, dest, proto, dport: port === undefined ? undefined : String(port), comment };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return { direction: type, action, ...Object.fromEntries(given) };
}

function noteEffect(firewall: PhoenixFirewall, rules: readonly FirewallRule[], reading: Reading): void {
  if (firewall.enabled !== true) {
    if (rules.length > 0) reading.note("firewall.enabled isn't true: the rules are declared and stay without effect.");
    return;
  }
  reading.note("The firewall acts only with `firewall=1` on the network device and with the datacenter's firewall enabled.");
  if (!rules.some((rule) => rule.direction === "in")) {
    reading.note("The firewall is enabled without a rule of type in: by its default policy nobody reaches the container.");
  }
  if (rules.some((rule) => rule.direction === "out" && rule.action === "ACCEPT")) {
    reading.note("Rules of type out that ACCEPT limit nothing: outgoing traffic is accepted by default (policyOut).");
  }
}
