import type * as pulumi from "@pulumi/pulumi";
import { PostureResource } from "./base.js";

/** One `lxc.idmap` entry: `count` ids from `container` on are those from `host` on. */
export interface IdmapArgs {
  /** `u` for users, `g` for groups, `both` for one line of each. */
  type: pulumi.Input<"u" | "g" | "both">;
  container: pulumi.Input<number>;
  host: pulumi.Input<number>;
  count: pulumi.Input<number>;
}

/** One `lxc.cgroup2.devices.allow` or `.deny` line. */
export interface DeviceRuleArgs {
  action: pulumi.Input<"allow" | "deny">;
  /** `a` for all devices, or `<b|c> <major>:<minor> <rwm>`, such as `c 195:* rwm`. */
  rule: pulumi.Input<string>;
}

/** Options of the property `features` (pct.conf(5)); what is not given stays as it is. */
export interface FeaturesArgs {
  nesting?: pulumi.Input<boolean>;
  keyctl?: pulumi.Input<boolean>;
  fuse?: pulumi.Input<boolean>;
  mknod?: pulumi.Input<boolean>;
  force_rw_sys?: pulumi.Input<boolean>;
  /** file system types that may be mounted, such as `nfs` */
  mount?: pulumi.Input<pulumi.Input<string>[]>;
}

/** A rule of `/etc/pve/firewall/<vmid>.fw`. */
export interface FirewallRuleArgs {
  direction: pulumi.Input<"in" | "out">;
  action: pulumi.Input<"ACCEPT" | "DROP" | "REJECT">;
  /** a network device of the container, such as `net0`; default all */
  iface?: pulumi.Input<string>;
  /** an address, network, range, alias or `+ipset` */
  source?: pulumi.Input<string>;
  dest?: pulumi.Input<string>;
  /** such as `tcp` */
  proto?: pulumi.Input<string>;
  /** a port, a range `80:85`, a service's name, or several with commas; needs `proto` */
  sport?: pulumi.Input<string>;
  dport?: pulumi.Input<string>;
  log?: pulumi.Input<"nolog" | "emerg" | "alert" | "crit" | "err" | "warning" | "notice" | "info" | "debug">;
  comment?: pulumi.Input<string>;
}

/** The container's firewall. Options that are not given stay as they are; rules, once given, are all there are. */
export interface FirewallArgs {
  enable?: pulumi.Input<boolean>;
  policyIn?: pulumi.Input<"ACCEPT" | "DROP" | "REJECT">;
  policyOut?: pulumi.Input<"ACCEPT" | "DROP" | "REJECT">;
  rules?: pulumi.Input<pulumi.Input<FirewallRuleArgs>[]>;
}

/** Inputs of {@link LxcContainerSecurity}. What is left out is left as it is on the node. */
export interface LxcContainerSecurityArgs {
  /** The node that owns the container, named as for `ssh`. */
  node: pulumi.Input<string>;
  /** The container's id, 100 or more. */
  vmid: pulumi.Input<number>;
  /**
   * `lxc.apparmor.profile`: a loaded profile named `lxc-…`, `unconfined`, or `generated`. Pass `profile.name` of an
   * `AppArmorProfile`, so that Pulumi deploys it first and removes it last.
   */
  apparmorProfile?: pulumi.Input<string>;
  /** `lxc.idmap`: the whole map, users and groups; any other `lxc.idmap` line is replaced. */
  idmap?: pulumi.Input<pulumi.Input<IdmapArgs>[]>;
  /**
   * `lxc.cgroup2.devices.*`, in this order, beside those of others. A `deny a` is put before all others, since LXC
   * forgets what stands before it. On an unprivileged container allow rules do nothing without one.
   */
  deviceRules?: pulumi.Input<pulumi.Input<DeviceRuleArgs>[]>;
  /** `lxc.cap.drop`: capabilities in lower case without `CAP_`, dropped besides those that others drop. */
  capDrop?: pulumi.Input<pulumi.Input<string>[]>;
  /** `lxc.cap.keep`: the only capabilities that are kept. Not together with `capDrop`. */
  capKeep?: pulumi.Input<pulumi.Input<string>[]>;
  /** `lxc.mount.entry` lines, as in fstab(5), beside those of others. */
  mountEntries?: pulumi.Input<pulumi.Input<string>[]>;
  /** `lxc.mount.auto`, such as `["proc:mixed", "sys:ro"]`. */
  mountAuto?: pulumi.Input<pulumi.Input<string>[]>;
  /** Other raw settings by key, such as `{ "lxc.prlimit.nofile": "65536" }`; a list for keys that repeat. */
  raw?: pulumi.Input<Record<string, pulumi.Input<string | pulumi.Input<string>[]>>>;
  /** Options of the property `features`. */
  features?: pulumi.Input<FeaturesArgs>;
  /** The container's firewall: ports belong here, as AppArmor knows none. */
  firewall?: pulumi.Input<FirewallArgs>;
}

/**
 * The security posture of one container: lines of `/etc/pve/lxc/<vmid>.conf` (its main section only; pending changes
 * and snapshots are never touched) and of its firewall file.
 *
 * Changes are made under Proxmox VE's own lock and take effect when the container is restarted. Deleting gives back
 * what was there before, byte for byte where nobody else has edited meanwhile.
 *
 * @example
 * new LxcContainerSecurity("vllm", {
 *   node: "pve1",
 *   vmid: 951,
 *   apparmorProfile: profile.name,
 *   idmap: [{ type: "both", container: 0, host: 100000, count: 65536 }],
 * });
 */
export class LxcContainerSecurity extends PostureResource {
  declare readonly node: pulumi.Output<string>;
  declare readonly vmid: pulumi.Output<number>;
  declare readonly apparmorProfile: pulumi.Output<string | undefined>;
  declare readonly idmap: pulumi.Output<pulumi.Unwrap<IdmapArgs>[] | undefined>;
  declare readonly deviceRules: pulumi.Output<pulumi.Unwrap<DeviceRuleArgs>[] | undefined>;
  declare readonly capDrop: pulumi.Output<string[] | undefined>;
  declare readonly capKeep: pulumi.Output<string[] | undefined>;
  declare readonly mountEntries: pulumi.Output<string[] | undefined>;
  declare readonly mountAuto: pulumi.Output<string[] | undefined>;
  declare readonly raw: pulumi.Output<Record<string, string | string[]> | undefined>;
  declare readonly features: pulumi.Output<pulumi.Unwrap<FeaturesArgs> | undefined>;
  declare readonly firewall: pulumi.Output<pulumi.Unwrap<FirewallArgs> | undefined>;
  /** The lines of the two files that this resource stands for. Values that may be secrets are left out. */
  declare readonly lines: pulumi.Output<string[]>;

  constructor(name: string, args: LxcContainerSecurityArgs, options?: pulumi.CustomResourceOptions) {
    super("LxcContainerSecurity", name, args, ["lines"], options);
  }
}
