import { isOn, type Facts } from "./facts.js";
import { warning, type Finding } from "./finding.js";

/** What a privileged container means. Source: pve-container, `$features_desc`; Proxmox VE Administration Guide, «Privileged Containers». */
export function privileges(facts: Facts): Finding[] {
  if (facts.unprivileged) return [];
  const features = facts.properties.get("features")?.line ?? 1;
  return [
    warning(
      "privileged",
      facts.properties.get("unprivileged")?.line ?? 1,
      "the container is privileged: its root is root of the node, held back by AppArmor, capabilities and seccomp alone",
      "Back it up and restore it as an unprivileged one (`pct restore … --unprivileged 1`).",
    ),
    ...(isOn(facts, "nesting")
      ? [
          warning(
            "privileged-nesting",
            features,
            "nesting shows a privileged container /proc and /sys of the node",
            "Use an unprivileged container for nesting.",
          ),
        ]
      : []),
    ...(isOn(facts, "keyctl")
      ? [warning("feature-without-effect", features, "keyctl=1 means something for unprivileged containers only", "Take it out.")]
      : []),
  ];
}
