/**
 * What the node has of AppArmor's own files: names that profiles include, with as little inside as will do.
 * The texts are ours; they stand for the distribution's and grant next to nothing.
 */
import { capabilities } from "../apparmor/names/index.js";
import type { NodeFile } from "./tree.js";

const tunables = `# A stub: the variables that common abstractions use.
@{HOMEDIRS}=/home/
@{HOME}=@{HOMEDIRS}*/ /root/
@{PROC}=/proc/
@{sys}=/sys/
@{run}=/run/ /var/run/
@{etc_ro}=/etc/ /usr/etc/
@{etc_rw}=/etc/
@{multiarch}=*-linux-gnu*
@{pid}=[1-9]*
@{pids}=@{pid}
@{tid}=@{pid}
@{tids}=@{tid}
@{uid}=[0-9]*
@{uids}=@{uid}
@{securityfs}=@{sys}/kernel/security/
@{apparmorfs}=@{securityfs}/apparmor/
`;

const base = `# A stub.
/{usr/,}lib/** mr,
/etc/ld.so.cache mr,
/dev/null rw,
`;

// Like the one of LXC it grants all files, so that "every allow of a file is a no-op here" can be played.
const containerBase = `# A stub.
network,
capability,
file,
umount,
signal,
ptrace,
`;

/** What a kernel mediates, as the compiler reads it: words, and braces that end on lines of their own. */
const features = (tree: Record<string, string | Record<string, string>>): string =>
  Object.entries(tree)
    .map(([name, value]) => `${name} {${typeof value === "string" ? `${value}\n` : features(value)}}\n`)
    .join("");

const abi = features({
  caps: { mask: capabilities.join(" ") },
  domain: { change_profile: "yes", stack: "yes" },
  file: { mask: "create read write exec append mmap_exec link lock" },
  mount: { mask: "mount umount pivot_root" },
  namespaces: { profile: "yes" },
  network_v8: { af_mask: "unspec unix inet inet6 netlink packet" },
  policy: { set_load: "yes" },
  ptrace: { mask: "read trace" },
  signal: { mask: "hup int quit kill term stop cont" },
});

/** Files below /etc/apparmor.d, and the kernel's list of loaded profiles. */
export const apparmorTree: Record<string, NodeFile> = {
  "/etc/apparmor.d/abi/3.0": abi,
  "/etc/apparmor.d/abi/4.0": abi,
  "/etc/apparmor.d/tunables/global": tunables,
  "/etc/apparmor.d/abstractions/base": base,
  "/etc/apparmor.d/abstractions/consoles": "# A stub.\n/dev/tty rw,\n",
  "/etc/apparmor.d/abstractions/nameservice": "# A stub.\n/etc/hosts r,\n",
  "/etc/apparmor.d/abstractions/lxc/container-base": containerBase,
  "/etc/apparmor.d/abstractions/lxc/start-container": "# A stub.\nnetwork,\ncapability,\nfile,\n",
  "/etc/apparmor.d/lxc-containers": "include <tunables/global>\ninclude <lxc>\n",
  "/sys/kernel/security/apparmor/profiles": [
    "/usr/bin/lxc-start",
    "lxc-container-default",
    "lxc-container-default-cgns",
    "lxc-container-default-with-nesting",
  ]
    .map((name) => `${name} (enforce)\n`)
    .join(""),
  "/sys/module/apparmor/parameters/enabled": "Y\n",
};
