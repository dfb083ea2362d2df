import type { FirewallInputs, FirewallRule } from "../../schemas/firewall.js";
import type { Family, Layout } from "./families.js";
import { endOf } from "./families.js";
import { isBlank, splitLines, type Line } from "./lines.js";

/**
 * The container's firewall file, `/etc/pve/firewall/<vmid>.fw`: `[OPTIONS]` and `[RULES]` are edited, everything else
 * (aliases, ip sets, comments) stays. (Proxmox VE Administration Guide, «Firewall», configuration files)
 */
export function firewallFamilies(inputs: FirewallInputs): Family[] {
  const { enable, policyIn, policyOut, rules } = inputs;
  const option = (key: string, value: string | undefined): Family[] =>
    value === undefined
      ? []
      : [{ id: `fw.${key}`, mode: "whole", has: (text) => optionKey(text) === key, lines: [`${key}: ${value}`] }];
  return [
    ...option("enable", enable === undefined ? undefined : enable ? "1" : "0"),
    ...option("policy_in", policyIn),
    ...option("policy_out", policyOut),
    // rules are declared as a whole: one more ACCEPT by hand would be a hole
    ...(rules ? [{ id: "fw.rules", mode: "whole" as const, has: isRule, lines: rules.map(printRule) }] : []),
  ];
}

const optionKey = (text: string): string | undefined => /^([a-z_]+):\s*\S/i.exec(text)?.[1]?.toLowerCase();
const isRule = (text: string): boolean => /^\|?(?:IN|OUT|FORWARD|GROUP)\s/i.test(text);

function printRule(rule: FirewallRule): string {
  const options = [
    ["i", rule.iface], ["source", rule.source], ["dest", rule.dest], ["p", rule.proto],
    ["sport", rule.sport], ["dport", rule.dport], ["log", rule.log],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [`-${flag} ${value}`]));
  const comment = rule.comment === undefined ? [] : [`# ${rule.comment}`];
  return [rule.direction.toUpperCase(), rule.action, ...options, ...comment].join(" ");
}

/** How lines of the firewall file are compared, and where new ones go: under the header of their section. */
export const firewallLayout: Layout = {
  same(text) {
    if (!isRule(text)) return optionKey(text) ? text.trim().replace(/:\s*/, ": ").replace(/\s*#.*$/, "") : text;
    const [rule = "", ...comment] = text.split("#");
    const [head = [], ...options] = rule.trim().split(/\s+-(?=[a-z])/).map((part) => part.split(/\s+/));
    const named = options.map(([flag, ...value]) => `-${{ iface: "i", proto: "p" }[flag!] ?? flag} ${value.join(" ")}`);
    return [head.join(" ").toUpperCase(), ...named.sort(), ...comment.map((part) => `#${part.trim()}`)].join(" ");
  },
  home(lines, text) {
    const header = lines.findIndex((line) => line.text.trim().toUpperCase() === sectionOf(text));
    const next = lines.findIndex((line, index) => index > header && line.text.startsWith("["));
    return header < 0 ? lines.length : endOf(lines.slice(0, next < 0 ? lines.length : next));
  },
};

const sectionOf = (text: string): string => (isRule(text) ? "[RULES]" : "[OPTIONS]");

/** A header for each section that the lines need and the file lacks; a family of its own, so that it goes with them. */
export function headerFamilies(families: Family[]): Family[] {
  const headers = new Set(families.flatMap(({ lines }) => lines.map(sectionOf)));
  return [...headers].map((header) => ({
    id: `fw.${header}`,
    mode: "shared",
    has: (text) => text.trim().toUpperCase() === header,
    lines: [header],
  }));
}

export const firewallLines = (text: string): Line[] => splitLines(text);

/** Whether nothing is left that means anything, so that a file that we made can go again. */
export const isEmptyFirewall = (lines: readonly Line[]): boolean =>
  lines.every(({ text }) => isBlank(text) || /^\[(OPTIONS|RULES)\]\s*$/i.test(text));
