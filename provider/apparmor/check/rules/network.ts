import type { NetworkRule } from "../../ast.js";
import { supports, type Language } from "../../language.js";
import { isNetwork, networkFamilies, networkProtocols, peerNetworkAccesses, socketTypes } from "../../names/index.js";
import { checkAccesses } from "./accesses.js";
import { isAddress } from "./addresses.js";
import { checkConditions } from "./conditions.js";
import { nearest, refuseNewer, type Report } from "./report.js";

const known = { ip: { values: "first" }, port: { values: "first" } } as const;

export function checkNetworkRule(report: Report, rule: NetworkRule, language: Language): void {
  const fine = rule.access[0] ?? rule.conditions[0] ?? rule.peer?.[0];
  if (fine && !supports(language, "4.1")) refuseNewer(report, fine.span, "a network rule with accesses, addresses or ports", language);
  const accesses = checkAccesses(report, "network", rule.access);
  const { family, type } = rule;
  const valid = family || type ? isNetwork(family?.value, type?.value) : true;
  if (family && !Object.hasOwn(networkFamilies, family.value)) badName(report, rule, "family");
  else if (!valid) badName(report, rule, "type");
  for (const conditions of [rule.conditions, rule.peer ?? []]) {
    const values = checkConditions(report, "network rule", conditions, known);
    const [ip] = values.get("ip") ?? [];
    const [port] = values.get("port") ?? [];
    if (ip && ip.value !== "none" && !isAddress(ip.value)) {
      report(ip.span, { code: "bad-address", message: `\`${ip.value}\` is no IP address`, hint: "one IPv4 or IPv6 address, or `none`: prefixes and ranges are not supported" });
    }
    if (port && !isPort(port.value)) {
      report(port.span, { code: "bad-port", message: `\`${port.value}\` is no port`, hint: "a number up to 65535, or a range as 80-443" });
    }
  }
  if (rule.conditions.length + (rule.peer?.length ?? 0) === 0) return;
  if (valid && family && family.value !== "inet" && family.value !== "inet6") {
    report(family.span, { code: "family-without-address", message: `\`${family.value}\` has no ip and port`, hint: "those go with inet and inet6" });
  }
  if (rule.peer?.length) checkPeerAccesses(report, rule, accesses);
}

/** Report accesses that know no peer. */
export function checkPeerAccesses(report: Report, rule: { access: NetworkRule["access"]; span?: NetworkRule["span"] }, accesses: Set<string>): void {
  const alone = [...accesses].filter((access) => !(peerNetworkAccesses as readonly string[]).includes(access));
  if (!alone.length) return;
  report(rule.access[0]?.span ?? rule.span, {
    code: "access-without-peer",
    message: `${alone.map((access) => `\`${access}\``).join(", ")} can't go with \`peer=(…)\``,
    hint: "accept, connect, send and receive have a peer: write a rule of its own for the others",
  });
}

function badName(report: Report, { family, type }: NetworkRule, which: "family" | "type"): void {
  const word = which === "family" ? family! : (type ?? family!);
  const names = which === "family" ? [...Object.keys(networkFamilies), ...Object.keys(socketTypes)] : [...Object.keys(socketTypes), ...Object.keys(networkProtocols)];
  const near = nearest(word.value, names);
  const known = names.includes(word.value);
  report(word.span, {
    code: which === "family" ? "unknown-family" : "unknown-socket-type",
    message: known ? `\`${word.value}\` does not go with \`${family!.value}\`` : `\`${word.value}\` is no ${which === "family" ? "network family" : "socket type or protocol"}`,
    hint: near && !known ? `did you mean \`${near}\`?` : which === "family" ? "families are inet, inet6, unix, netlink, packet, …" : "types are stream, dgram, seqpacket, rdm, raw, packet; tcp and udp go with inet and inet6",
  });
}

/** strtoul(3) takes blanks and a `+` before the number. */
const isNumber = (text: string): boolean => /^[\t-\r ]*\+?\d+$/.test(text) && Number(text) <= 65535;

function isPort(text: string): boolean {
  const dash = text.indexOf("-");
  if (dash === -1) return isNumber(text);
  const from = text.slice(0, dash);
  const to = text.slice(dash + 1);
  return isNumber(from) && isNumber(to) && Number(from) <= Number(to);
}
