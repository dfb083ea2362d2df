import { z } from "zod";
import type { Access } from "../../apparmor/policy/types.js";
import { PostureError } from "../../errors.js";

const text = z.string();
const texts = z.array(text).min(1);
const path = text.startsWith("/");
/** The class of an access, and what it may say besides. */
const access = <Class extends string, Shape extends z.ZodRawShape>(name: Class, shape: Shape) =>
  z.strictObject({ class: z.literal(name), profile: text.optional(), ...shape });

const end = z.strictObject({ address: text.optional(), port: z.int().min(0).max(65535).optional() });
const mount = {
  source: text.optional(),
  target: path,
  fstype: text.optional(),
  options: texts.optional(),
  data: text.optional(),
};

const schema = z.discriminatedUnion("class", [
  access("file", {
    path,
    permissions: text.regex(/^[rwalkmx]+$/, "one or more of rwalkmx"),
    owner: z.boolean().optional(),
    target: path.optional(),
  }),
  access("capability", { capability: text }),
  access("network", {
    family: text,
    type: text.optional(),
    protocol: text.optional(),
    access: texts.optional(),
    local: end.optional(),
    peer: end.optional(),
  }),
  access("unix", {
    access: texts,
    type: text.optional(),
    address: text.optional(),
    label: text.optional(),
    peer: z.strictObject({ address: text.optional(), label: text.optional() }).optional(),
  }),
  access("signal", { access: z.enum(["send", "receive"]), signal: text, peer: text }),
  access("ptrace", { access: z.enum(["trace", "read", "tracedby", "readby"]), peer: text }),
  access("mount", mount),
  access("remount", mount),
  access("umount", { target: path }),
  access("pivot_root", { old: path.optional(), path }),
  access("change_profile", { target: text, exec: path.optional() }),
  access("dbus", {
    access: z.enum(["send", "receive", "bind", "eavesdrop"]),
    bus: text,
    name: text.optional(),
    label: text.optional(),
    path: text.optional(),
    interface: text.optional(),
    member: text.optional(),
  }),
  access("mqueue", { access: texts, type: z.enum(["posix", "sysv"]), name: text, label: text.optional() }),
  access("userns", { access: z.literal("create").optional() }),
  access("io_uring", { access: z.enum(["sqpoll", "override_creds"]), label: text.optional() }),
  access("rlimit", { resource: text, value: z.number() }),
]);

/** What a line asks: an access, and of which profile. */
export interface Question {
  access: Access;
  /** the full name (`parent//child`) */
  profile?: string;
}

/** @throws PostureError that names the first thing that is wrong with a line */
export function questionOf(value: unknown): Question {
  const { success, data, error } = schema.safeParse(value);
  if (!success) {
    const [issue] = error.issues;
    const where = issue && issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
    throw new PostureError("invalid-input", `${where}${issue?.message ?? "not an access"}`);
  }
  const { profile, ...access } = data;
  return { access, ...(profile !== undefined && { profile }) };
}
