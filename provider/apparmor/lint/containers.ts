import { decide, modeOf, type Access, type Policy } from "../policy/index.js";
import { originOf } from "../resolve/origin.js";
import { replacement } from "./edits.js";
import { ofProfile, type Check, type Context } from "./context.js";

/** Debian's profile of lxc-start may change to `lxc-*` and `unconfined` only, so no container starts with another name. */
export const containerName: Check = (context) => {
  const { container, profile } = context;
  if (!container || profile.hat || profile.name.startsWith("lxc-")) return [];
  const { span, value } = profile.profile.name;
  const better = `lxc-${profile.name.replace(/^lxc[-_]?|^\/+/, "").replace(/[_/]/g, "-")}`;
  return [
    ofProfile(context, {
      code: "container-name",
      severity: "error",
      message: `lxc-start may change to profiles named lxc-… only: no container starts with ${value}`,
      hint: `name it ${better}, and write lxc.apparmor.profile: ${better} in the container's configuration`,
      ...(span && { fix: { title: `rename it to ${better}`, edits: [replacement(profile.document, span, better)], safe: false } }),
    }),
  ];
};

const asking =
  (policy: Policy): Context["decide"] =>
  (access) =>
    decide(policy, access);

/** What every container does until its init is up, and the rule that allows it (LXC's container-base has them all). */
const needs: readonly { access: Access; rule: string }[] = [
  { access: { class: "file", path: "/usr/lib/systemd/systemd", permissions: "rm" }, rule: "file," },
  { access: { class: "file", path: "/usr/bin/sh", permissions: "x" }, rule: "/usr/bin/** rix," },
  { access: { class: "file", path: "/usr/lib/x86_64-linux-gnu/libc.so.6", permissions: "rm" }, rule: "/usr/lib/** rm," },
  { access: { class: "file", path: "/run/systemd/notify", permissions: "w" }, rule: "/run/** rwk," },
  {
    access: { class: "mount", fstype: "tmpfs", source: "tmpfs", target: "/run/lock/", options: ["rw", "nosuid", "nodev", "noexec"] },
    rule: "mount fstype=tmpfs,",
  },
  { access: { class: "umount", target: "/run/lock/" }, rule: "umount," },
  { access: { class: "signal", access: "receive", signal: "pwr", peer: "unconfined" }, rule: "signal (receive)," },
  { access: { class: "capability", capability: "setuid" }, rule: "capability," },
  { access: { class: "network", family: "unix", type: "stream" }, rule: "network," },
];

/** Rules without which a container does not come up, or not go down. */
export const containerBoot: Check = (context) => {
  const { container, incomplete, profile } = context;
  if (!container || incomplete || profile.hat) return [];
  // In complain mode only silent denials are in the way.
  const mode = modeOf(profile);
  const ask = mode.mode === "complain" ? asking({ ...context.policy, mode }) : context.decide;
  const refused = needs.map((need) => ({ ...need, ...ask(need.access) })).filter(({ denial }) => denial);
  if (refused.length === 0) return [];
  const missing = [
    ...new Set(
      refused.map(({ denial, rule, rules: [by] }) => (denial === "explicit" && by ? `${rule} (${originOf(by)} denies it)` : rule)),
    ),
  ];
  return [
    ofProfile(context, {
      code: "container-boot",
      severity: "error",
      message: `a container does not start or stop with this: it lacks ${missing.join(" and ")}`,
      hint: "include <abstractions/lxc/container-base>, and deny what it allows too much",
    }),
  ];
};
