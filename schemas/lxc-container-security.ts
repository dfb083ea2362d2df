import { z } from "zod";
import { ownInput, rawKeyProblem } from "../provider/container/keys.js";
import { parseDeviceRule } from "../provider/devices/cgroup2.js";
import { eachType, idTypes, noEntry, overlapsWithin, printRange } from "../provider/idmap/index.js";
import { firewall } from "./firewall.js";
import { nodeName, oneLine, posixId, vmid } from "./node.js";

const word = oneLine.regex(/^\S+$/, "must be one word");

const idmapEntry = z
  .strictObject({
    type: z.enum(["u", "g", "both"], "must be `u` (users), `g` (groups) or `both`"),
    container: posixId,
    host: posixId,
    count: z.int().min(1, "must map at least one id").max(4_294_967_295),
  })
  .refine((entry) => Math.max(entry.container, entry.host) + entry.count <= 4_294_967_295, {
    path: ["count"],
    message: "reaches beyond 4294967294, the last id there is",
  });

const idmap = z
  .array(idmapEntry)
  .min(1, "must hold entries; leave it out to keep the container's map")
  .superRefine((entries, context) => {
    const map = eachType(entries.map((entry, index) => ({ ...entry, index })));
    for (const type of idTypes) {
      if (!map.some((entry) => entry.type === type)) context.addIssue({ code: "custom", message: noEntry(type) });
    }
    for (const { type, side, range, entries: [first, second] } of overlapsWithin(map)) {
      const message = `overlaps entry ${first.index}: ${type} ${printRange(range)} is mapped there`;
      context.addIssue({ code: "custom", path: [second.index, side], message });
    }
  });

const deviceRule = z.strictObject({
  action: z.enum(["allow", "deny"], "must be `allow` or `deny`"),
  rule: oneLine.superRefine((rule, context) => {
    const parsed = parseDeviceRule(rule);
    if (typeof parsed === "string") context.addIssue({ code: "custom", message: parsed });
  }),
});

/** LXC keeps a list of what is allowed after `deny a`; there, a deny takes back an equal allow and does nothing else. */
function deniesThatDoNothing(rules: z.infer<typeof deviceRule>[], context: z.RefinementCtx): void {
  rules.forEach(({ action, rule }, index) => {
    const before = rules.slice(0, index);
    if (action !== "deny" || rule.trim() === "a" || !before.some((one) => one.action === "deny" && one.rule.trim() === "a")) return;
    const message = "does nothing behind `deny a`, where all that is not allowed is denied: narrow the allow rules instead";
    context.addIssue({ code: "custom", path: [index], message });
  });
}

const features = z.strictObject({
  nesting: z.boolean().optional(),
  keyctl: z.boolean().optional(),
  fuse: z.boolean().optional(),
  mknod: z.boolean().optional(),
  force_rw_sys: z.boolean().optional(),
  mount: z.array(z.string().regex(/^[a-z0-9_]+$/, "must be a file system type, such as nfs")).optional(),
});

const capability = z
  .string()
  .regex(/^[a-z_]+$/, "must be a capability in lower case without CAP_, such as sys_module");

const raw = z.record(z.string(), z.union([oneLine, z.array(oneLine)])).superRefine((settings, context) => {
  for (const [key, value] of Object.entries(settings)) {
    const instead = ownInput(key);
    const problem = instead ? `has an input of its own: use \`${instead}\`` : rawKeyProblem(key);
    if (problem) context.addIssue({ code: "custom", path: [key], message: problem });
    if (value === "") context.addIssue({ code: "custom", path: [key], message: "must not be empty" });
  }
});

export const lxcContainerSecurityInputs = z
  .strictObject({
    node: nodeName,
    vmid,
    apparmorProfile: z
      .string()
      .max(246, "must be at most 246 characters: LXC would replace a longer name by a hash")
      .regex(
        /^(?:unconfined|generated|lxc-[A-Za-z0-9_.+-]+)$/,
        "must be `unconfined`, `generated` or a name that begins with `lxc-`: lxc-start may change to no other, and the container would not start",
      )
      .optional(),
    idmap: idmap.optional(),
    deviceRules: z.array(deviceRule).superRefine(deniesThatDoNothing).optional(),
    capDrop: z.array(capability).optional(),
    capKeep: z.array(capability).optional(),
    mountEntries: z.array(oneLine.regex(/^\S+\s+\S+\s+\S+\s+\S+/, "must be a line of fstab: what, where, type, options")).optional(),
    mountAuto: z.array(word).optional(),
    raw: raw.optional(),
    features: features.optional(),
    firewall: firewall.optional(),
  })
  .refine((inputs) => !(inputs.capDrop?.length && inputs.capKeep?.length), {
    path: ["capKeep"],
    message: "can't stand beside capDrop: LXC takes one or the other",
  });

export type LxcContainerSecurityInputs = z.infer<typeof lxcContainerSecurityInputs>;
