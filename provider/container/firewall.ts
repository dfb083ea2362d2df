import type { FirewallInputs, FirewallRule } from "../../schemas/firewall.js";
import type { EditResult, Family, Layout } from "./families.js";
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

// Proxmox VE's parser skips blanks around a line, a carriage return is none of them (Firewall.pm,
// generic_fw_config_parser)
const trim = (text: string): string => text.replace(/^[ \t\xa0]+|[ \t\xa0]+$/g, "");

/**
 * The section that a line opens. Whatever else is in brackets (a remark behind `[RULES]`, a carriage return, a name
 * that nobody knows) opens none: Proxmox VE reads on in the section above.
 */
function opens(text: string): string | undefined {
  const header = /^\[(?:(options|rules|aliases)\]|((?:ipset|group)[ \t]+[^\s\]]+)\]\s*(?:#[^]*)?)$/i.exec(trim(text));
  return (header?.[1] ?? header?.[2])?.toUpperCase();
}

const mark = "\u0001";

/**
 * The lines with their sections before them, as the same text means something else in each: `out 10.0.0.1` is an alias
 * in `[ALIASES]`. Blank lines have none, as they stay what they are when a header of ours comes or goes above them.
 */
export function tagged(lines: readonly Line[]): Line[] {
  let section = "";
  return lines.map(({ text, eol }) => {
    section = opens(text) ?? section;
    return { text: (isBlank(text) ? "" : section) + mark + text, eol };
  });
}

const partsOf = (text: string): { section: string; line: string } => {
  const at = text.indexOf(mark);
  return { section: text.slice(0, Math.max(at, 0)), line: text.slice(at + 1) };
};
const untagged = (text: string): string => partsOf(text).line;

/** An edit of tagged lines as the operator sees it: the header, then what is below it. The ledger keeps the tags. */
export function shownEdit({ lines, changes, foreign, ledger }: EditResult): EditResult {
  const rank = (text: string) => (partsOf(text).section === "RULES" ? 2 : 0) + (opens(untagged(text)) ? 0 : 1);
  return {
    lines: lines.map(({ text, eol }) => ({ text: untagged(text), eol })),
    changes: changes.toSorted((a, b) => rank(a.text) - rank(b.text)).map(({ sign, text }) => ({ sign, text: untagged(text) })),
    foreign: foreign.map(untagged),
    ledger,
  };
}

/**
 * The families that lines of ours belong to. Options are ours one by one; the rules are declared as a whole, as one
 * more ACCEPT by hand would be a hole. Aliases, ip sets and comments are nobody's business here.
 *
 * @param lines without tags, in sections; the families are of tagged ones
 */
export function firewallFamilies(lines: readonly string[]): Family[] {
  const all = tagged(lines.map((text) => ({ text, eol: "\n" }))).map(({ text }) => text);
  const header = (name: string): Family[] => (lines.includes(name) ? [headerFamily(name)] : []);
  const options = all.flatMap((line): Family[] => {
    const key = optionKey(line);
    return key ? [{ id: `fw.${key}`, mode: "whole", has: (text) => optionKey(text) === key, lines: [line] }] : [];
  });
  const rules: Family[] = lines.includes("[RULES]")
    ? [{ id: "fw.rules", mode: "whole", has: isRule, lines: all.filter(isRule) }]
    : [];
  return [...header("[OPTIONS]"), ...options, ...header("[RULES]"), ...rules];
}

export const headerFamily = (name: string): Family => ({
  id: `fw.${name}`,
  mode: "shared",
  has: (text) => headerOf(text) === name,
  lines: [name.slice(1, -1) + mark + name],
});

const headerOf = (text: string): string | undefined => {
  const section = opens(untagged(text));
  return section && `[${section}]`;
};

/** Also of what Proxmox VE can't read: it is in the way of the option, not one of its own. */
function optionKey(text: string): string | undefined {
  const { section, line } = partsOf(text);
  return section === "OPTIONS" ? /^([a-z_]+):\s*\S/i.exec(trim(line))?.[1]?.toLowerCase() : undefined;
}

function isRule(text: string): boolean {
  const { section, line } = partsOf(text);
  return section === "RULES" && /^\|?(?:IN|OUT|FORWARD|GROUP)\s/i.test(trim(line));
}

function printRule(rule: FirewallRule): string {
  const options = [
    ["i", rule.iface], ["source", rule.source], ["dest", rule.dest], ["p", rule.proto],
    ["sport", rule.sport], ["dport", rule.dport], ["log", rule.log],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [`-${flag} ${value}`]));
  const comment = rule.comment === undefined ? [] : [`# ${rule.comment}`];
  return [rule.direction.toUpperCase(), rule.action, ...options, ...comment].join(" ");
}

/** How tagged lines of the firewall file are compared, and where new ones go: under the header of their section. */
export const firewallLayout: Layout = {
  same(text) {
    const line = trim(untagged(text));
    return headerOf(text) ?? (optionKey(text) ? sameOption(line) : isRule(text) ? sameRule(line) : undefined) ?? text;
  },
  home(lines, text) {
    // a header goes to the very end, where it takes no line out of its section
    const header = headerOf(text) ? -1 : lines.findIndex((line) => headerOf(line.text) === `[${partsOf(text).section}]`);
    const next = lines.findIndex((line, index) => index > header && trim(untagged(line.text)).startsWith("["));
    const section = lines.slice(0, next < 0 ? lines.length : next);
    return header < 0 ? lines.length : endOf(section.map(({ text, eol }) => ({ text: untagged(text), eol })));
  },
};

/** One form for an option that Proxmox VE reads; it reads none with a comment behind it (parse_vmfw_option). */
function sameOption(line: string): string | undefined {
  const option = /^(enable|policy_in|policy_out):[ \t]*(0|1|ACCEPT|DROP|REJECT)[ \t\r]*$/i.exec(line);
  return option ? `${option[1]!.toLowerCase()}: ${option[2]!.toUpperCase()}` : undefined;
}

/** One form for a rule that Proxmox VE reads: options in any order, one blank before each value (parse_fw_rule). */
function sameRule(line: string): string | undefined {
  const [, rule, comment] = /^([^#]*)(#[^]*)?$/.exec(line)!;
  const parts = /^(\|?[a-z]+)[ \t]+([^ \t\r]+)(?:[ \t\r]+|$)((?:-[a-z-]+ [^ \t\r]+(?:[ \t\r]+|$))*)$/i.exec(rule!);
  if (!parts) return undefined;
  const options = [...parts[3]!.matchAll(/(-[a-z-]+) ([^ \t\r]+)/gi)].map(([, flag, value]) => `${sameFlag(flag!)} ${value}`);
  return [parts[1]!.toUpperCase(), parts[2]!, ...options.sort(), ...(comment ? [`#${comment.slice(1).trim()}`] : [])].join(" ");
}

const sameFlag = (flag: string): string => flag.replace(/^--?proto$/, "-p").replace(/^--(?=[a-z]{2})/, "-");

/** Headers of ours that must stay, because somebody else has written below them since. */
export function usedHeaders(lines: readonly Line[], ours: (text: string) => boolean): string[] {
  const others = lines.filter(({ text }) => !isBlank(untagged(text)) && !headerOf(text) && !ours(text));
  return [...new Set(others.map(({ text }) => `[${partsOf(text).section}]`))];
}

/** Whether nothing is left that means anything, so that a file that we made can go again. */
export const isEmptyFirewall = (lines: readonly Line[]): boolean =>
  lines.every(({ text }) => isBlank(text) || ["OPTIONS", "RULES"].includes(opens(text) ?? ""));
