import type { NetworkRule } from "../ast.js";
import type { Access } from "../policy/index.js";
import { insertionAfter, isOwn, ofRule, type Check } from "./context.js";
import { deletion } from "./edits.js";

/** Accesses that `network,` allows, and few programs need. */
const odd = [
  { class: "network", family: "packet", type: "raw" },
  { class: "network", family: "vsock", type: "stream" },
  { class: "network", family: "bluetooth", type: "raw" },
] as const satisfies readonly Access[];

/** Every family and type of socket, by `network,` or `all,`. */
export const networkUnrestricted: Check = (context) => {
  const decisions = odd.map((access) => context.decide(access));
  if (decisions.some(({ allowed }) => !allowed)) return [];
  const rules = decisions.flatMap((decision) => decision.rules);
  const each = rules.find((one) => isOwn(context, one)) ?? rules[0];
  if (!each) return [];
  return [
    ofRule(context, each, {
      code: "network-unrestricted",
      severity: context.container ? "warning" : "info",
      message: "every family and type of socket is allowed, and narrower network rules beside it change nothing",
      hint: "deny what is not needed (`audit deny network packet,`), or name what is instead of `network,`; ports are the firewall's",
      fix: { title: "deny packet sockets", edits: [insertionAfter(context, each, "audit deny network packet,")], safe: false },
    }),
  ];
};

/** Sockets that write packets past the kernel's own protocols. Netlink's are raw by name only. */
export const rawSocket: Check = (context) =>
  context.profile.rules.flatMap((each) => {
    const { rule } = each;
    if (rule.kind !== "network" || rule.qualifiers.mode === "deny") return [];
    const what = rawKind(rule);
    if (!what || !isOwn(context, each)) return [];
    return [
      ofRule(context, each, {
        code: "raw-socket",
        severity: context.container || what === "packet" ? "warning" : "info",
        message:
          what === "packet"
            ? "packet sockets see and forge every frame of the network interfaces, those of other guests on the bridge included"
            : "raw sockets send packets with forged addresses and read what comes in for others",
        ...(rule.span && { fix: { title: "delete the rule", edits: [deletion(each.document, rule.span)], safe: false } }),
        hint: "ping works without (net.ipv4.ping_group_range); leave them to what captures or forges packets by trade",
      }),
    ];
  });

function rawKind({ family, type }: NetworkRule): "packet" | "raw" | undefined {
  if (family?.value === "packet") return "packet";
  const ip = family === undefined || family.value === "inet" || family.value === "inet6" || family.value === "raw";
  if (type?.value === "packet" && family === undefined) return "packet";
  return ip && (type?.value === "raw" || family?.value === "raw") ? "raw" : undefined;
}
