import { isOwn, ofRule, type Check } from "./context.js";
import { deletion } from "./edits.js";

/** Sockets whose owners start containers as root for whoever writes to them. */
const sockets: ReadonlyMap<string, string> = new Map([
  ["/run/docker.sock", "Docker"],
  ["/run/containerd/containerd.sock", "containerd"],
  ["/run/crio/crio.sock", "CRI-O"],
  ["/run/podman/podman.sock", "Podman"],
  ["/var/lib/incus/unix.socket", "Incus"],
  ["/var/lib/lxd/unix.socket", "LXD"],
  ["/var/snap/lxd/common/lxd/unix.socket", "LXD"],
  ["/run/pve-lxc-syscalld.sock", "Proxmox VE"],
]);

const engines = /sock|docker|containerd|crio|podman|incus|lxd/;

/** A rule that names such a socket, or all below the engine's directory. One that allows all files is told by file-unrestricted. */
export const runtimeSocket: Check = (context) =>
  context.profile.rules.flatMap((each) => {
    const { rule } = each;
    if (rule.kind !== "file" || rule.qualifiers.mode === "deny" || !rule.path || !isOwn(context, each) || !engines.test(rule.path.value))
      return [];
    for (const [path, owner] of sockets) {
      for (const written of [path, `/var${path}`]) {
        const { allowed, rules } = context.decide({ class: "file", path: written, permissions: "w" });
        if (!allowed || !rules.includes(each)) continue;
        return [
          ofRule(context, each, {
            code: "runtime-socket",
            severity: "warning",
            message: `${written} is writable: ${owner} starts containers with any mount for whoever can`,
            ...(rule.span && { fix: { title: "delete the rule", edits: [deletion(each.document, rule.span)], safe: false } }),
            hint: "leave it out where the socket comes from the host; a daemon in the container may own it, and root there is what it gives",
          }),
        ];
      }
    }
    return [];
  });
