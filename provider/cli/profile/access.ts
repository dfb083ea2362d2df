import { isIP } from "node:net";
import {
  capabilities,
  dbusAccesses,
  ioUringAccesses,
  mountOptions,
  mqueueAccesses,
  mqueueTypes,
  networkAccesses,
  networkFamilies,
  networkProtocols,
  ptraceAccesses,
  rlimits,
  signalAccesses,
  signalNumber,
  signals,
  unixSocketTypes,
  usernsAccesses,
} from "../../apparmor/names/index.js";
import type { Access, AccessClass } from "../../apparmor/policy/types.js";
import { PostureError } from "../../errors.js";
import { unknownName } from "../nearest.js";
import { amount, flag, name, names, object, optional, path, text, textLike, textOf, wrongWith, type Field } from "./fields.js";

/** A number of the kernel's that has no name. */
const numbered = /^#\d{1,3}$/;

const socketType = name("socket type", Object.keys(unixSocketTypes), numbered);
const label = text("the name of a profile");
const address = textOf("an IPv4 or IPv6 address", (value) => value === "none" || isIP(value) > 0);
const end = object('an end of a socket, like {"address": "10.0.0.1", "port": 443}', {
  address: optional(address),
  port: optional(amount("a port, a whole number from 0 to 65535", 0, 65535)),
});
const socketAddress = text('the address of a socket, like "@name", "none" or "auto"');
const signalNames = Object.keys(signals);
/** `ofile` is another word for nofile in rules only. */
const resources = Object.keys(rlimits).filter((resource) => resource !== "ofile");
const signal: Field = {
  what: "a signal",
  wrong: (value) => {
    if (typeof value !== "string") return 'must be a signal, like "kill"';
    // what stands behind the number the compiler passes over, and people mistype
    const isOne = signalNames.includes(value) || numbered.test(value) || (/^rtmin\+\d+$/.test(value) && signalNumber(value) !== undefined);
    return isOne ? undefined : unknownName("signal", value, signalNames);
  },
};
const mount = {
  source: optional(text("what is mounted")),
  target: path,
  fstype: optional(text("a type of file system")),
  options: optional(names("mount option", Object.keys(mountOptions))),
  data: optional(text("the options of the file system itself")),
};

/** What an access of each class says, besides `class` and `profile`. docs/accesses.md has an example of each. */
export const classes: Readonly<Record<AccessClass, Record<string, Field>>> = {
  file: {
    path,
    permissions: textLike("one or more of the letters r w a l k m x", /^[rwalkmx]+$/),
    owner: optional(flag),
    target: optional(path),
  },
  capability: { capability: name("capability", capabilities) },
  network: {
    family: name("address family", Object.keys(networkFamilies), numbered),
    type: optional(socketType),
    protocol: optional(name("protocol", Object.keys(networkProtocols))),
    access: optional(names("network access", networkAccesses)),
    local: optional(end),
    peer: optional(end),
  },
  unix: {
    access: names("access to unix sockets", networkAccesses),
    type: optional(socketType),
    address: optional(socketAddress),
    label: optional(label),
    peer: optional(object("the other end", { address: optional(socketAddress), label: optional(label) })),
  },
  signal: { access: name("signal access", signalAccesses), signal, peer: label },
  ptrace: { access: name("ptrace access", ptraceAccesses), peer: label },
  mount,
  remount: mount,
  umount: { target: path },
  pivot_root: { old: optional(path), path },
  change_profile: { target: label, exec: optional(path) },
  dbus: {
    access: name("dbus access", dbusAccesses),
    bus: text('a bus, like "system"'),
    name: optional(text("a name on the bus")),
    label: optional(label),
    path: optional(text("the path of an object")),
    interface: optional(text("an interface")),
    member: optional(text("a member of the interface")),
  },
  mqueue: {
    access: names("mqueue access", mqueueAccesses),
    type: name("type of message queue", mqueueTypes),
    name: text("the name of a queue"),
    label: optional(label),
  },
  userns: { access: optional(name("userns access", usernsAccesses)) },
  io_uring: { access: name("io_uring access", ioUringAccesses), label: optional(label) },
  rlimit: { resource: name("resource limit", resources), value: amount("a number, 0 or more", 0, Infinity) },
};

/** What a line asks: an access, and of which profile. */
export interface Question {
  access: Access;
  /** the full name (`parent//child`) */
  profile?: string;
}

const every = Object.keys(classes) as AccessClass[];

/** What only two fields together show. */
function wrongTogether(access: Access): string | undefined {
  if (access.class === "file" && access.target !== undefined && !access.permissions.includes("l"))
    return '"target": only a link has one, which "permissions" asks for with l';
  if (access.class !== "mqueue") return undefined;
  if (access.type === "posix") return access.name.startsWith("/") ? undefined : '"name": a posix queue\'s begins with /';
  return /^\d{1,10}$/.test(access.name) && Number(access.name) < 2 ** 32
    ? undefined
    : '"name": a sysv queue\'s is its key, a number as text';
}

/** @throws PostureError that names the first thing that is wrong with a line */
export function questionOf(value: unknown): Question {
  const refuse = (why: string): never => {
    throw new PostureError("invalid-input", why);
  };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return refuse('not an access: expected an object like {"class": "capability", "capability": "chown"}');
  const given = value as Record<string, unknown>;
  const kind = given.class;
  if (kind === undefined) return refuse(`"class" is missing: one of ${every.join(", ")}`);
  if (typeof kind !== "string" || !Object.hasOwn(classes, kind)) {
    return refuse(`"class": ${typeof kind === "string" ? unknownName("class", kind, every) : `must be one of ${every.join(", ")}`}`);
  }
  const fields = { class: text("a class"), ...classes[kind as AccessClass], profile: optional(label) };
  const wrong = wrongWith(`class ${kind}`, given, fields);
  if (wrong !== undefined) return refuse(`${kind} access: ${wrong}`);
  const { profile, ...access } = given;
  const together = wrongTogether(access as Access);
  if (together !== undefined) return refuse(`${kind} access: ${together}`);
  return { access: access as Access, ...(profile !== undefined && { profile: profile as string }) };
}
