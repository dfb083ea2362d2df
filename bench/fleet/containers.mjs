// What is declared, for whichever tool: for each container a profile, a map of ids and device rules.

const idmap = [{ type: "both", container: 0, host: 100000, count: 65536 }];
const allowed = ["c 1:3 rwm", "c 1:5 rwm", "c 136:* rwm"].map((rule) => ({ action: "allow", rule }));
const deviceRules = [{ action: "deny", rule: "a" }, ...allowed];

const profileOf = (name, vmid) => `include <tunables/global>

profile ${name} flags=(attach_disconnected,mediate_deleted) {
  include <abstractions/lxc/container-base>

  # its own data, and nothing of the other containers
  deny /mnt/shared/** wklx,
  /mnt/shared/models/** r,
  /mnt/shared/work/${vmid}/** rwk,

  deny @{PROC}/sys/kernel/** wklx,
  deny @{PROC}/sysrq-trigger rwklx,
  deny @{PROC}/kcore rwklx,
  deny /sys/kernel/security/** rwklx,
  deny /sys/firmware/** rwklx,
  deny mount fstype=devpts,
  deny ptrace (trace) peer=unconfined,
}
`;

/** Containers from 1000 on. `lines` is what their configuration gets. */
export const containersOf = (count) =>
  Array.from({ length: count }, (_, index) => {
    const vmid = 1000 + index;
    const name = `lxc-app-${vmid}`;
    const rules = deviceRules.map(({ action, rule }) => `lxc.cgroup2.devices.${action}: ${rule}`);
    const maps = ["u", "g"].map((type) => `lxc.idmap: ${type} 0 100000 65536`);
    const lines = [`lxc.apparmor.profile: ${name}`, ...rules, ...maps];
    return { vmid, name, profile: profileOf(name, vmid), idmap, deviceRules, lines };
  });

/** The configuration before: an unprivileged container as Proxmox VE makes it. */
export const configurationOf = ({ vmid }) => `arch: amd64
cores: 2
features: nesting=1
hostname: app-${vmid}
memory: 2048
net0: name=eth0,bridge=vmbr0,firewall=1,ip=dhcp,type=veth
ostype: debian
rootfs: local-zfs:subvol-${vmid}-disk-0,size=8G
swap: 512
unprivileged: 1
`;
