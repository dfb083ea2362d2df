import { isOn, rawOf, type Facts } from "./facts.js";
import { error, warning, type Finding } from "./finding.js";

/** Longer names are replaced by a hash (LXC, lsm/apparmor.c). */
const longest = 246;

/**
 * What the lines about AppArmor come to.
 * Source: pve-container, `make_apparmor_config`: whatever `lxc.apparmor.profile` says, nothing is added any more for
 * features, nor are the two rules that keep mounts off /proc and /sys.
 */
export function apparmor(facts: Facts): Finding[] {
  const profile = rawOf(facts, "lxc.apparmor.profile").at(-1);
  const incomplete = rawOf(facts, "lxc.apparmor.allow_incomplete").filter(({ value }) => value === "1");
  return [
    ...(profile
      ? [...nameOf(profile.line, profile.value), ...lost(facts, profile.line, profile.value), ...unused(facts, profile.value)]
      : []),
    ...incomplete.map(({ line }) =>
      warning(
        "apparmor-incomplete",
        line,
        "the container starts even where the kernel can't enforce its whole profile",
        "Take the line out.",
      ),
    ),
  ];
}

function nameOf(line: number, name: string): Finding[] {
  if (name === "unconfined") {
    return [
      warning(
        "apparmor-unconfined",
        line,
        "AppArmor does not confine the container",
        "Name a profile, or take the line out for Proxmox VE's own.",
      ),
    ];
  }
  if (/^(?:generated|unchanged|)$/.test(name)) return [];
  if (!/^lxc-[A-Za-z0-9_.+-]+$/.test(name)) {
    return [
      error(
        "profile-name",
        line,
        `lxc-start may change to no profile of the name \`${name}\`: the container does not start`,
        "Let its name begin with `lxc-`.",
      ),
    ];
  }
  if (name.length <= longest) return [];
  return [
    error(
      "profile-name",
      line,
      `the profile's name has ${name.length} characters: LXC replaces what is longer than ${longest} by a hash`,
      "Use a shorter name.",
    ),
  ];
}

function lost(facts: Facts, line: number, name: string): Finding[] {
  const features = [...["fuse", "nesting"].filter((option) => isOn(facts, option)), ...(facts.features.get("mount") ? ["mount"] : [])];
  if (features.length > 0 && name !== "unconfined") {
    const message = `a profile that is set takes away what Proxmox VE allows for features: ${features.join(", ")}`;
    return [
      warning(
        "profile-drops-features",
        line,
        message,
        "Let the profile have these rules itself, or take the line out and add rules by `lxc.apparmor.raw`.",
      ),
    ];
  }
  if (name !== "generated") return [];
  const message = "`generated` is the default; setting it takes away the rules that Proxmox VE adds (no mounts over /proc and /sys)";
  return [warning("generated-is-set", line, message, "Take the line out.")];
}

function unused(facts: Facts, name: string): Finding[] {
  if (name === "generated") return [];
  return [...rawOf(facts, "lxc.apparmor.raw"), ...rawOf(facts, "lxc.apparmor.allow_nesting")].map(({ line, key }) =>
    warning(
      "apparmor-line-unused",
      line,
      `\`${key}\` shapes the generated profile only, and the container has \`${name}\``,
      "Put the rule into that profile, or take its name out.",
    ),
  );
}
