import { z } from "zod";
import { parse } from "../provider/apparmor/syntax/index.js";
import { checkRules } from "../provider/apparmor/check/rules.js";
import { otherInput, ownInput, rawKeyProblem, repeats } from "../provider/container/keys.js";
import { mountFlags } from "../provider/container/options.js";
import { limitNames } from "../provider/container/reading/check/limits.js";
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

/** A rule of `lxc.apparmor.raw`, as it would stand in the generated profile. */
const apparmorRule = oneLine.min(1, "must not be empty").superRefine((rule, context) => {
  const document = parse(`${rule}\n`, { language: "5.0", context: "body" });
  const error = [...document.errors, ...checkRules(document)].find(({ severity }) => severity === "error");
  if (error) context.addIssue({ code: "custom", message: `is no rule of AppArmor: ${error.message}${error.hint ? ` (${error.hint})` : ""}` });
  else if (document.statements.every(({ kind }) => kind === "comment")) context.addIssue({ code: "custom", message: "is no rule of AppArmor, but a comment" });
});

const limitProblem = "must be a whole number, `unlimited`, or `{ soft, hard }` of these";
const limitValue = z.union([z.int(limitProblem).min(0, limitProblem), z.literal("unlimited", limitProblem)], limitProblem);
const limit = z.union([limitValue, z.strictObject({ soft: limitValue, hard: limitValue }, limitProblem)], limitProblem).superRefine((value, context) => {
  const number = (one: number | "unlimited") => (one === "unlimited" ? Infinity : one);
  if (typeof value === "object" && number(value.soft) > number(value.hard))
    context.addIssue({ code: "custom", path: ["soft"], message: "is above the hard limit: LXC would not start the container" });
});

/** A record whose wrong keys are told where they stand, in words for people. */
const keyed = <T extends z.ZodType>(value: T, isKey: (key: string) => boolean, problem: string) =>
  z.record(z.string(), value).superRefine((record, context) => {
    for (const key of Object.keys(record)) if (!isKey(key)) context.addIssue({ code: "custom", path: [key], message: problem });
  });

const isMountPoint = (key: string): boolean => /^(?:rootfs|mp(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))$/.test(key);
const mountPoint = z.strictObject(Object.fromEntries(["ro", ...mountFlags].map((flag) => [flag, z.boolean().optional()])) as Record<MountOption, z.ZodOptional<z.ZodBoolean>>);
type MountOption = "ro" | (typeof mountFlags)[number];

/** Inputs whose lines stand beside those of others, unless they are declared to be all there are. */
const exclusiveInputs = ["deviceRules", "capDrop", "mountEntries", "apparmorRules"] as const;
const exclusive = z.array(
  z
    .string()
    .refine(
      (name) => (exclusiveInputs as readonly string[]).includes(name) || (name.startsWith("lxc.") && repeats(name) && !ownInput(name)),
      `must be ${exclusiveInputs.join(", ")}, or a raw key of which every line counts, such as lxc.environment`,
    ),
);

export const lxcContainerSecurityInputs = z
  .strictObject({
    node: nodeName,
    vmid,
    unprivileged: z.boolean().optional(),
    apparmorProfile: z
      .string()
      .max(246, "must be at most 246 characters: LXC would replace a longer name by a hash")
      .regex(
        /^(?:unconfined|generated|lxc-[A-Za-z0-9_.+-]+)$/,
        "must be `unconfined`, `generated` or a name that begins with `lxc-`: lxc-start may change to no other, and the container would not start",
      )
      .optional(),
    apparmorRules: z.array(apparmorRule).optional(),
    idmap: idmap.optional(),
    shiftOwnership: z.boolean().optional(),
    grantSubids: z.boolean().optional(),
    deviceRules: z.array(deviceRule).superRefine(deniesThatDoNothing).optional(),
    capDrop: z.array(capability).optional(),
    capKeep: z.array(capability).optional(),
    mountEntries: z.array(oneLine.regex(/^\S+\s+\S+\s+\S+\s+\S+/, "must be a line of fstab: what, where, type, options")).optional(),
    mountAuto: z.array(word).optional(),
    mountPoints: keyed(mountPoint, isMountPoint, "must be rootfs, or mp0 to mp255").optional(),
    seccompProfile: z
      .string()
      .regex(/^\/[\w./+@-]+$/, "must be the absolute path of a file on the node, of letters, digits and _./+@-")
      .refine((path) => !path.split("/").includes(".."), "must not go up by `..`")
      .optional(),
    limits: keyed(limit, (name) => limitNames.includes(name), `is no limit of getrlimit(2) in small letters: ${limitNames.join(", ")}`).optional(),
    raw: raw.optional(),
    features: features.optional(),
    firewall: firewall.optional(),
    exclusive: exclusive.optional(),
    restart: z.enum(["never", "if-running", "always"], "must be never, if-running or always").optional(),
    restartTimeoutSeconds: z.int("must be whole seconds").min(1, "must be at least 1").max(3600, "must be at most an hour").optional(),
  })
  .refine((inputs) => !(inputs.capDrop?.length && inputs.capKeep?.length), {
    path: ["capKeep"],
    message: "can't stand beside capDrop: LXC takes one or the other",
  })
  .refine(({ apparmorProfile = "generated", apparmorRules = [] }) => apparmorProfile === "generated" || apparmorRules.length === 0, {
    path: ["apparmorRules"],
    message: "shape the generated profile only: declare the rules in the profile itself, or no `apparmorProfile`",
    params: { of: ["apparmorProfile"] },
  })
  .superRefine(({ raw = {}, ...inputs }, context) => {
    for (const key of Object.keys(raw)) {
      const other = otherInput(key);
      if (other === undefined) continue;
      const [input, name] = other.split(".") as [keyof typeof inputs, string?];
      const declared = inputs[input] as Record<string, unknown> | undefined;
      if (name === undefined ? declared !== undefined : declared !== undefined && Object.hasOwn(declared, name))
        context.addIssue({ code: "custom", path: ["raw", key], message: `is declared by \`${other}\` too: say it in one place` });
    }
  });

export type LxcContainerSecurityInputs = z.infer<typeof lxcContainerSecurityInputs>;
