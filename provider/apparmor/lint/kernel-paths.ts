/** A path of the kernel, the permissions that matter there, and what can be done with them. */
export interface KernelPath {
  path: string;
  permissions: string;
  why: string;
  /** told of the profile's own rules that name it only: a container has a harmless one of this name */
  named?: true;
}

/** The machine's memory and I/O ports as files. */
export const memory: readonly KernelPath[] = [
  { path: "/dev/mem", permissions: "rw", why: "physical memory" },
  { path: "/dev/kmem", permissions: "rw", why: "the kernel's memory" },
  { path: "/dev/port", permissions: "rw", why: "I/O ports" },
  { path: "/proc/kcore", permissions: "r", why: "all memory, as a core file" },
];

/** What takes effect on the host, whoever writes it (LXC's own abstractions deny the same). */
export const interfaces: readonly KernelPath[] = [
  { path: "/proc/sysrq-trigger", permissions: "w", why: "crashes or restarts the host" },
  { path: "/proc/sys/kernel/core_pattern", permissions: "w", why: "names a program that the host runs as root" },
  { path: "/proc/sys/kernel/modprobe", permissions: "w", why: "names a program that the host runs as root" },
  { path: "/proc/sys/kernel/hotplug", permissions: "w", why: "names a program that the host runs as root" },
  { path: "/sys/kernel/uevent_helper", permissions: "w", why: "names a program that the host runs as root" },
  { path: "/proc/sys/fs/binfmt_misc/register", permissions: "w", why: "names interpreters that other users' programs start with" },
  { path: "/proc/sys/kernel/modules_disabled", permissions: "w", why: "stops the host from loading modules" },
  { path: "/proc/sys/kernel/kptr_restrict", permissions: "w", why: "shows kernel addresses" },
  { path: "/proc/sys/kernel/yama/ptrace_scope", permissions: "w", why: "lifts the limits on ptrace" },
  { path: "/proc/sys/vm/panic_on_oom", permissions: "w", why: "lets any shortage of memory crash the host" },
  { path: "/sys/kernel/security/apparmor/.load", permissions: "w", why: "loads AppArmor profiles" },
  { path: "/sys/kernel/security/apparmor/.replace", permissions: "w", why: "replaces AppArmor profiles" },
  { path: "/sys/kernel/security/apparmor/.remove", permissions: "w", why: "removes AppArmor profiles" },
  { path: "/sys/kernel/debug/tracing/kprobe_events", permissions: "w", why: "places probes in the kernel" },
  { path: "/sys/firmware/efi/efivars/x", permissions: "w", why: "changes the firmware's variables" },
  { path: "/sys/bus/pci/rescan", permissions: "w", why: "changes the host's devices" },
  { path: "/proc/acpi/wakeup", permissions: "w", why: "changes the host's power settings" },
  { path: "/proc/bus/pci/00/00.0", permissions: "w", why: "configures devices past their drivers" },
  { path: "/proc/irq/0/smp_affinity", permissions: "w", why: "moves the host's interrupts" },
  { path: "/sys/fs/cgroup/posture-probe/release_agent", permissions: "w", why: "names a program that the host runs as root", named: true },
  { path: "/proc/1/mem", permissions: "w", why: "changes the memory of other users' processes", named: true },
  { path: "/proc/1/root/etc/posture-probe", permissions: "w", why: "reaches every file by a path that no other rule names", named: true },
  { path: "/etc/pve/posture-probe", permissions: "w", why: "changes the cluster: its containers, users and keys", named: true },
];
