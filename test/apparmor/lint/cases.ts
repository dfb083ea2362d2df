import type { FindingCode, LintOptions, Severity } from "../../../provider/apparmor/lint/index.js";

export interface LintCase {
  code: FindingCode;
  text: string;
  line: number;
  severity?: Severity;
  /** a variant that has not this finding */
  fine?: string;
  options?: LintOptions;
}

const container = (...rules: string[]): string =>
  `profile lxc-x {\n  include <abstractions/lxc/container-base>\n${rules.map((rule) => `  ${rule}\n`).join("")}}\n`;
const profile = (...rules: string[]): string => `profile x {\n${rules.map((rule) => `  ${rule}\n`).join("")}}\n`;

export const cases: readonly LintCase[] = [
  {
    code: "whole-share-writable",
    text: container("/mnt/shared/** rwm,"),
    line: 3,
    severity: "warning",
    fine: container("/mnt/shared/** r,"),
  },
  { code: "whole-share-writable", text: profile("/srv/data/** rw,"), line: 2, fine: profile("/srv/data/models/** rw,", "/srv/data/** r,") },
  { code: "whole-share-writable", text: profile("/mnt/** rw,"), line: 2, fine: profile("owner /mnt/** rw,") },
  { code: "whole-share-writable", text: profile("/mnt/pve/nas/{**,} rw,"), line: 2, fine: profile("/var/lib/x/** rw,") },
  // confined by denies, as the builder does it
  {
    code: "whole-share-writable",
    text: container("/mnt/shared/** rw,", "audit deny /mnt/shared/a/** w,"),
    line: 3,
    fine: container("/mnt/shared/** rw,", "audit deny /mnt/shared/[^m]** w,"),
  },
  {
    code: "whole-share-writable",
    text: container("audit deny /etc/shadow w,"),
    line: 2,
    options: { shares: ["/tank/media/"] },
    fine: container("audit deny /tank/media/** w,"),
  },
  { code: "no-audit", text: container("deny /etc/shadow r,"), line: 1, severity: "warning", fine: container("audit deny /etc/shadow r,") },
  { code: "no-audit", text: container("/srv/x w,"), line: 1, fine: profile("deny /etc/shadow r,") },
  { code: "network-unrestricted", text: container(), line: 2, severity: "warning", fine: container("deny network packet,") },
  { code: "network-unrestricted", text: profile("network,"), line: 2, severity: "info", fine: profile("network inet stream,") },
  { code: "network-unrestricted", text: profile("all,"), line: 2 },
  { code: "raw-socket", text: profile("network packet,"), line: 2, severity: "warning", fine: profile("network netlink raw,") },
  {
    code: "raw-socket",
    text: profile("network inet raw,"),
    line: 2,
    severity: "info",
    fine: profile("network inet dgram,", "deny network inet raw,"),
  },
  { code: "raw-socket", text: container("network raw,"), line: 3, severity: "warning" },
  { code: "file-unrestricted", text: container("/srv/www/** r,"), line: 2, severity: "warning", fine: profile("/srv/www/** r,") },
  { code: "file-unrestricted", text: profile("/** rw,"), line: 2, severity: "info", fine: profile("/** r,") },
  { code: "no-op-allow", text: container("/dev/nvidia0 rw,"), line: 3, severity: "warning", fine: container("deny /dev/nvidia0 rw,") },
  { code: "no-op-allow", text: container("network inet stream,"), line: 3, fine: profile("network inet stream,") },
  { code: "no-op-allow", text: profile("capability,", "capability kill,"), line: 3, fine: profile("capability kill,") },
  {
    code: "redundant-rule",
    text: profile("/etc/** r,", "/etc/hosts r,"),
    line: 3,
    severity: "info",
    fine: profile("/etc/** r,", "/etc/hosts rw,"),
  },
  { code: "redundant-rule", text: profile("/a r,", "/a r,"), line: 3, fine: profile("/a r,", "/a w,") },
  { code: "redundant-rule", text: profile("/a w,", "/a r,", "/a rw,"), line: 4, fine: profile("owner /a r,", "other /a w,") },
  { code: "redundant-rule", text: profile("deny /a/** w,", "deny /a/b w,"), line: 3, fine: profile("deny /a/** w,", "deny /a/b rw,") },
  { code: "redundant-rule", text: profile("/a r,", "audit deny /b w,"), line: 3, severity: "info", fine: profile("/a r,", "deny /b w,") },
  {
    code: "redundant-rule",
    text: profile("network inet,", "network inet tcp,"),
    line: 3,
    fine: profile("network inet dgram,", "network inet tcp,"),
  },
  {
    code: "shadowed-rule",
    text: profile("deny /etc/** w,", "/etc/motd w,"),
    line: 3,
    severity: "warning",
    fine: profile("deny /etc/** w,", "priority=1 /etc/motd w,"),
  },
  {
    code: "shadowed-rule",
    text: profile("deny /usr/bin/** x,", "/usr/bin/curl ix,"),
    line: 3,
    fine: profile("deny /usr/bin/** x,", "/usr/{bin,sbin}/curl ix,"),
  },
  { code: "shadowed-rule", text: profile("deny /usr/bin/** x,", "/usr/bin/curl px,"), line: 3 },
  {
    code: "unconfined-profile",
    text: "profile x /bin/x flags=(unconfined) {\n  userns,\n}\n",
    line: 1,
    severity: "info",
    fine: profile("userns,"),
  },
  { code: "unconfined-profile", text: "profile lxc-x flags=(attach_disconnected, unconfined) {\n}\n", line: 1, severity: "warning" },
  { code: "complain-mode", text: "profile x flags=(complain) {\n}\n", line: 1, fine: "profile x flags=(enforce) {\n}\n" },
  { code: "complain-mode", text: "profile x flags=(complain,mediate_deleted) {\n}\n", line: 1 },
  {
    code: "deny-in-complain",
    text: "profile x flags=(complain) {\n  /a r,\n  audit deny /b r,\n}\n",
    line: 3,
    fine: "profile x flags=(complain) {\n  /a r,\n}\n",
  },
  { code: "deny-in-complain", text: "profile x flags=(complain) {\n  deny /b x,\n}\n", line: 2 },
  { code: "deny-in-complain", text: "profile x flags=(complain) {\n  /a r,\n  deny /b r,\n}\n", line: 3, fine: profile("deny /b r,") },
  { code: "bare-mount", text: profile("mount,"), line: 2, severity: "warning", fine: profile("mount fstype=tmpfs,") },
  { code: "bare-mount", text: profile("mount -> /**,"), line: 2, fine: profile("deny mount,") },
  { code: "unconfined-exec", text: profile("/bin/x Ux,"), line: 2, severity: "warning", fine: profile("/bin/x Px,") },
  { code: "unconfined-exec", text: profile("/bin/x pux,"), line: 2, severity: "info", fine: profile("/bin/x pix,") },
  {
    code: "change-profile-unconfined",
    text: profile("change_profile -> unconfined,"),
    line: 2,
    severity: "warning",
    fine: profile("change_profile -> lxc-*,"),
  },
  {
    code: "change-profile-unconfined",
    text: profile("change_profile,"),
    line: 2,
    fine: profile("change_profile -> **,", "deny change_profile -> unconfined,"),
  },
  { code: "all-capabilities", text: profile("capability,"), line: 2, severity: "warning", fine: profile("capability kill chown,") },
  {
    code: "all-capabilities",
    text: container(),
    line: 2,
    severity: "info",
    fine: container("deny capability sys_module sys_rawio mac_admin mac_override sys_boot bpf,"),
  },
  {
    code: "dangerous-capability",
    text: profile("capability kill sys_module chown,"),
    line: 2,
    severity: "warning",
    fine: profile("capability kill chown,"),
  },
  {
    code: "dangerous-capability",
    text: profile("capability sys_ptrace,"),
    line: 2,
    severity: "info",
    fine: profile("capability sys_ptrace,", "deny capability sys_ptrace,"),
  },
  {
    code: "dangerous-capability",
    text: container("capability syslog,"),
    line: 3,
    severity: "warning",
    fine: container("deny capability syslog,"),
  },
  { code: "kernel-memory", text: profile("/dev/mem rw,"), line: 2, severity: "error", fine: profile("/dev/mem rw,", "deny /dev/mem rw,") },
  { code: "kernel-memory", text: profile("/dev/** r,"), line: 2, severity: "error", fine: profile("/dev/null rw,") },
  { code: "kernel-memory", text: profile("/** rw,"), line: 2, severity: "info", fine: container() },
  {
    code: "kernel-interface-writable",
    text: profile("/proc/sys/** rw,"),
    line: 2,
    severity: "warning",
    fine: profile("/proc/sys/net/** rw,"),
  },
  {
    code: "kernel-interface-writable",
    text: profile("@{PROC}/sysrq-trigger w,").replace(/^/, "@{PROC}=/proc/\n"),
    line: 3,
    fine: container(),
  },
  {
    code: "kernel-interface-writable",
    text: profile("/sys/kernel/security/** rwk,"),
    line: 2,
    fine: profile("/sys/kernel/security/** r,"),
  },
  { code: "runtime-socket", text: profile("/run/docker.sock rw,"), line: 2, severity: "warning", fine: profile("/run/docker.sock r,") },
  { code: "runtime-socket", text: profile("/{,var/}run/docker.sock rw,"), line: 2, fine: profile("/run/mysqld/mysqld.sock rw,") },
  { code: "runtime-socket", text: profile("/run/containerd/*.sock w,"), line: 2 },
  {
    code: "device-glob",
    text: profile("/dev/** rw,", "deny /dev/{mem,kmem,port} rw,"),
    line: 2,
    severity: "warning",
    fine: profile("/dev/pts/* rw,"),
  },
  { code: "device-glob", text: profile("/dev/nvidia* rw,"), line: 2, severity: "info", fine: profile("/dev/nvidia{0,1} rw,") },
  { code: "device-glob", text: profile("/dev/sd[a-z] rw,"), line: 2, severity: "warning", fine: profile("/dev/sd[a-z] r,") },
  { code: "container-name", text: container("audit /a w,").replace("lxc-x", "lxc_gpu"), line: 1, severity: "error", fine: container() },
  { code: "container-name", text: container("audit /a w,").replace("lxc-x", "web"), line: 1 },
  { code: "container-name", text: profile("/a r,"), line: 1, options: { container: true } },
  { code: "container-boot", text: "profile lxc-x {\n  audit /srv/** r,\n}\n", line: 1, severity: "error", fine: container() },
  { code: "container-boot", text: container("deny /usr/** x,"), line: 1, fine: "profile lxc-x flags=(complain) {\n  /srv/** r,\n}\n" },
  { code: "container-boot", text: container("deny signal,").replace("lxc-x", "lxc-x flags=(complain)"), line: 1 },
];
