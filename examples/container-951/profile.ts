import { apparmor } from "pve-posture";

const {
  audit, capability, comment, confine, dbus, deny, file, mount, network, pivotRoot, profile, profileFile, ptrace, signal, umount, unix,
  unlisted, variable,
} = apparmor;

const shared = "/{,**/}mnt/shared";

/**
 * AppArmor profile of container 951: Docker inside, an NVIDIA GPU, and one directory of the shared storage.
 *
 * It rests on neither abstractions/lxc/container-base, which grants every network and capability, nor start-container,
 * which lets a container change its profile to `unconfined`.
 */
export const containerProfile = profileFile(
  {
    // the newest ABI that both AppArmor 3.0.8 (Proxmox VE 8) and 4.1.0 (9) know
    abi: "abi/3.0",
    includes: ["tunables/global"],
    variables: [
      comment("Every name that is not exactly `models`, and what lies below it."),
      variable("@{NOT_MODELS}", unlisted(["models", "models/**"])),
      comment("Entries of sys/kernel that act on the whole host: all but hostname, domainname, msg*,\nsem* and shm*, of which a container has its own."),
      variable("@{HOST_KERNEL}", ["[^dhms]**", "d[^o]**", "h[^o]**", "ho[^s]**", "m[^s]**", "s[^eh]**", "se[^m]**", "sh[^m]**"]),
    ],
  },
  profile("lxc-gpu-docker-storage", { flags: ["attach_disconnected", "mediate_deleted"] }, [
    comment("Docker images bring directories of any name, so files are open and each limit below is a deny.\n`/{,**/}` in front makes it hold where the root or a kernel file system is mounted a second time."),
    file(),

    comment("Shared storage: models, and nothing else. A model is read, mapped and downloaded, never run."),
    confine(
      shared,
      [
        { path: "models", permissions: "rwlkmx" },
        { path: "models/**", permissions: "rwlk" },
      ],
      { own: "open" },
    ),
    comment("Listing the directory itself is harmless."),
    audit(deny("/mnt/shared/", "wkl")),
    comment("Who changes a model is logged."),
    audit(file("/mnt/shared/models/**", "w")),
    comment("A mount under another name would hide the path from the rules above."),
    audit(
      deny(
        mount({ source: "/{,**/}mnt/", target: "/**" }),
        mount({ source: `${shared}/`, target: "/**" }),
        mount({ source: `${shared}/@{NOT_MODELS}`, target: "/**" }),
        pivotRoot({ path: "/{,**/}mnt/{,shared/{,**}}" }),
      ),
    ),
    comment("No path rule sees a mount that root inside clones without attaching it (open_tree):\nbetter still, mount only models into the container."),

    comment("GPU: covered by `file,`; named to show the need. The container's device rules decide which exist."),
    file("/dev/nvidia{[0-9]*,ctl,-uvm,-uvm-tools}", "rw"),
    comment("nvidia-cap1 splits a GPU into MIG instances: the host's decision."),
    audit(deny("/{,**/}dev/nvidia-caps/nvidia-cap1", "rwklx")),

    comment("TCP, UDP, ping; local sockets; netlink for interfaces and nftables. Any other family is\nrefused and logged. Ports are up to the Proxmox VE firewall."),
    network("inet", "stream"),
    network("inet", "dgram"),
    network("inet6", "stream"),
    network("inet6", "dgram"),
    network("unix", "stream"),
    network("unix", "dgram"),
    network("unix", "seqpacket"),
    network("netlink", "raw"),
    network("netlink", "dgram"),
    unix(),
    comment("No forged or sniffed packets. DHCP clients and iptables-legacy need these: use a static\naddress and iptables-nft."),
    audit(deny(network("packet"), network("inet", "raw"), network("inet6", "raw"))),

    // systemd-resolved will not start without net_raw; it opens no raw socket here
    capability(
      "audit_write", "bpf", "chown", "dac_override", "fowner", "fsetid", "ipc_lock", "ipc_owner", "kill", "lease", "mknod", "net_admin",
      "net_bind_service", "net_broadcast", "net_raw", "setfcap", "setgid", "setpcap", "setuid", "sys_admin", "sys_boot", "sys_chroot",
      "sys_nice", "sys_ptrace", "sys_resource", "sys_tty_config",
    ),
    audit(deny(capability("mac_admin", "mac_override", "sys_module", "sys_rawio", "sys_time", "syslog"))),
    comment("Opens files by handle, past every path rule. Not logged: the kernel asks for it before\ndac_override each time root reads another user's file."),
    deny(capability("dac_read_search")),

    comment("Ways out: kernel interfaces."),
    audit(
      deny("/{,**/}{kcore,sysrq-trigger}", "rwklx"),
      deny("/{,**/}{release_agent,uevent_helper}", "wkl"),
      deny("/{,**/}binfmt_misc/**", "wkl"),
      deny("/{,**/}proc/{acpi,bus,irq}/**", "wkl"),
      deny("/{,**/}proc/sys/[^kn]**", "wkl"),
      deny("/{,**/}sys/kernel/@{HOST_KERNEL}", "wkl"),
      deny("/{,**/}sys/{block,bus,firmware,hypervisor,module,power}/**", "wkl"),
      deny("/{,**/}sys/class/[^n]**", "wkl"),
      deny("/{,**/}sys/devices/[^v]**", "wkl"),
      deny("/{,**/}sys/devices/virtual/[^n]**", "wkl"),
      deny("/{,**/}sys/firmware/efi/**", "rwklx"),
      comment("`/kernel` is the name that a sysfs not attached anywhere goes by."),
      deny("/{,sys/,**/sys/}kernel/{debug,security,tracing}/{,**}", "rwklx"),
      comment("LXC's second copies of /proc and /sys, there to let nested ones be mounted."),
      deny("/dev/.lxc/{proc,sys}/**", "rwklx"),
      comment("Memory, I/O ports and disks of the host."),
      deny("/dev/{kmem,mem,port,zfs}", "rwklx"),
      deny("/dev/{dm-,nvme,sd,vd,zd}[0-9a-z]*", "rwklx"),
      deny("/dev/{mapper,zvol}/**", "rwklx"),
    ),

    comment("Mounts: what systemd and Docker do."),
    mount({ fstype: ["cgroup", "cgroup2", "devpts", "mqueue", "overlay", "proc", "ramfs", "sysfs", "tmpfs"] }),
    (["bind", "rbind", "move", "make-private", "make-rprivate", "make-shared", "make-rshared", "make-slave", "make-rslave", "make-unbindable", "make-runbindable"] as const).map(
      (option) => mount({ options: ["rw", option], target: "/{,**}" }),
    ),
    comment("Remounts. To AppArmor 3.0.8 a bare `remount,` does not include those of binds."),
    mount({
      options: { in: ["remount", "bind", "rbind", "ro", "rw", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime", "strictatime", "silent"] },
      target: "/{,**}",
    }),
    comment("systemd's credentials use nosymfollow, an option that 3.0.8 cannot name."),
    mount({ target: "/{,run/systemd/mount-rootfs/}{dev/shm/,run/credentials/**}" }),
    umount(),
    pivotRoot(),
    audit(deny(mount({ fstype: ["binfmt_misc", "bpf", "configfs", "debugfs", "devtmpfs", "efivarfs", "pstore", "securityfs", "tracefs"] }))),

    comment("Processes: free among themselves. The host may watch and stop them, never the reverse."),
    ptrace(undefined, { peer: "@{profile_name}" }),
    ptrace(["readby", "tracedby"]),
    signal(undefined, { peer: "@{profile_name}" }),
    signal("receive"),
    dbus(),

    comment("The container's own accounts: changes are logged."),
    audit(
      file("/etc/{group,gshadow,ld.so.preload,passwd,shadow,sudoers}", "w"),
      file("/etc/sudoers.d/**", "w"),
      file("/{root,home/*}/.ssh/**", "w"),
    ),
  ]),
);
