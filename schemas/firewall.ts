import { z } from "zod";
import { oneLine } from "./node.js";

const policy = z.enum(["ACCEPT", "DROP", "REJECT"], "must be ACCEPT, DROP or REJECT");
const logLevel = z.enum(["nolog", "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]);
const token = (what: string) => oneLine.regex(/^[^\s#|]+$/, `must be ${what}, in one word`);
const ports = z
  .string()
  .regex(/^(?:\d{1,5}(?::\d{1,5})?|[a-z][a-z0-9-]*)(?:,(?:\d{1,5}(?::\d{1,5})?|[a-z][a-z0-9-]*))*$/, "must be a port, a range `80:85`, a service's name, or several with commas")
  .refine((text) => [...text.matchAll(/\d+/g)].every(([port]) => Number(port) <= 65_535), "must be at most 65535");

const firewallRule = z
  .strictObject({
    direction: z.enum(["in", "out"], "must be `in` or `out`"),
    action: policy,
    iface: z.string().regex(/^net\d+$/, "must be a network device of the container, such as net0").optional(),
    source: token("an address, a network, a range, an alias or `+ipset`").optional(),
    dest: token("an address, a network, a range, an alias or `+ipset`").optional(),
    proto: token("a protocol, such as tcp").optional(),
    sport: ports.optional(),
    dport: ports.optional(),
    log: logLevel.optional(),
    comment: oneLine.optional(),
  })
  .superRefine((rule, context) => {
    for (const port of ["sport", "dport"] as const) {
      if (rule[port] !== undefined && rule.proto === undefined)
        context.addIssue({ code: "custom", path: [port], message: "needs `proto`: a port means nothing without one" });
    }
  });

/** The container's firewall, `/etc/pve/firewall/<vmid>.fw` (Proxmox VE Administration Guide, «Firewall»). */
export const firewall = z.strictObject({
  enable: z.boolean().optional(),
  policyIn: policy.optional(),
  policyOut: policy.optional(),
  rules: z.array(firewallRule).optional(),
});

export type FirewallInputs = z.infer<typeof firewall>;
export type FirewallRule = z.infer<typeof firewallRule>;
