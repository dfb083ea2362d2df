import type { FirewallInputs, FirewallRule } from "../../schemas/firewall.js";
import type { Family, Layout } from "./families.js";
import { endOf } from "./families.js";
import { isBlank, type Line } from "./lines.js";

/**
 * The lines of the container's firewall file, `/etc/pve/firewall/<vmid>.fw`, that the inputs stand for, headers of
 * sections included. (Proxmox VE Administration Guide, «Firewall», configuration files)
 */
export function firewallLines({ enable, policyIn, policyOut, rules }: FirewallInputs): string[] {
  const options = [
    enable === undefined ? [] : [`enable: ${enable ? 1 : 0}`],
    policyIn === undefined ? [] : [`policy_in: ${policyIn}`],
    policyOut === undefined ? [] : [`policy_out: ${policyOut}`],
  ].flat();
  return [
    ...(options.length > 0 ? ["[OPTIONS]", ...options] : []),
    ...(rules ? ["[RULES]", ...rules.map(printRule)] : []),
  ];
}

/**
 * The families that lines of ours belong to. Options are ours one by one; the rules are declared as a whole, as one
 * more ACCEPT by hand would be a hole. Aliases, ip sets and comments are nobody's business here.
 */
export function firewallFamilies(lines: readonly string[]): Family[] {
  const header = (name: string): Family[] => (lines.includes(name) ? [headerFamily(name)] : []);
  const options = lines.flatMap((line): Family[] => {
    const key = optionKey(line);
    return key ? [{ id: `fw.${key}`, mode: "whole", has: (text) => optionKey(text) === key, lines: [line] }] : [];
  });
  const rules: Family[] = lines.includes("[RULES]")
    ? [{ id: "fw.rules", mode: "whole", has: isRule, lines: lines.filter(isRule) }]
    : [];
  return [...header("[OPTIONS]"), ...header("[RULES]"), ...options, ...rules];
}

export const headerFamily = (name: string): Family => ({
  id: `fw.${name}`,
  mode: "shared",
  has: (text) => text.trim().toUpperCase() === name,
  lines: [name],
});

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
    if (text.startsWith("[")) return text.trim().toUpperCase();
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

/** Headers of ours that must stay, because somebody else has written below them since. */
export function usedHeaders(lines: readonly Line[], ours: (text: string) => boolean): string[] {
  const used = new Set<string>();
  let header = "";
  for (const { text } of lines) {
    if (text.startsWith("[")) header = text.trim().toUpperCase();
    else if (!isBlank(text) && !ours(text)) used.add(header);
  }
  return [...used];
}

/** Whether nothing is left that means anything, so that a file that we made can go again. */
export const isEmptyFirewall = (lines: readonly Line[]): boolean =>
  lines.every(({ text }) => isBlank(text) || /^\[(OPTIONS|RULES)\]\s*$/i.test(text));
