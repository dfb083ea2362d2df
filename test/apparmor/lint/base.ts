/** An abstraction with what containers need, in the manner of LXC's own. */
export const base = `
file,
capability,
network,
umount,
signal,
ptrace,
unix,
mount fstype=tmpfs,
deny /proc/sysrq-trigger rwklx,
deny /proc/{kcore,acpi/**,bus/**,irq/**} rwklx,
deny /dev/{mem,kmem,port} rwklx,
deny /proc/sys/{fs,vm,kernel}/** wklx,
deny /sys/{kernel,firmware,bus}/** wklx,
`;

/** What the profiles of containers include, with as much in it as matters here. */
export const includes: Record<string, string> = {
  "tunables/global": "include <tunables/proc>\n",
  "tunables/proc": "@{PROC}=/proc/\n",
  "abstractions/lxc/container-base": `${base}deny @{PROC}/bus/** rw,\n`,
  "abstractions/lxc/start-container": "change_profile -> lxc-*,\nchange_profile -> unconfined,\npivot_root,\n",
  "lxc/lxc-default-cgns": "profile lxc-container-default-cgns {\n  include <abstractions/lxc/container-base>\n}\n",
};
