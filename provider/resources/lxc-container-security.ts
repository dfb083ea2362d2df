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

/** Options of `rootfs` or `mp[n]` (pct.conf(5)); what is not given stays as it is. */
export interface MountPointArgs {
  /** read-only */
  ro?: pulumi.Input<boolean>;
  /** set-user-id and set-group-id bits, and capabilities of files, have no effect */
  nosuid?: pulumi.Input<boolean>;
  /** device nodes can't be used */
  nodev?: pulumi.Input<boolean>;
  /** nothing can be executed */
  noexec?: pulumi.Input<boolean>;
}

/** A limit of getrlimit(2): one for both, or the soft and the hard one. */
export type LimitArgs = number | "unlimited" | { soft: pulumi.Input<number | "unlimited">; hard: pulumi.Input<number | "unlimited"> };

/** What the running container has, as the node's kernel says. */
export interface LiveContainer {
  /** its first process, by the node's number */
  pid?: number;
  /** the AppArmor profile that it runs under; of one that is generated and has a namespace, the outer one */
  profile?: string;
  /** `enforce`, `complain`, …; missing for `unconfined` and within a namespace */
  mode?: string;
  /** its ids; one entry of 4294967295 from 0 to 0 where it is privileged */
  idmap?: { type: "u" | "g"; container: number; host: number; count: number }[];
}

/** Inputs of {@link LxcContainerSecurity}. What is left out is left as it is on the node. */
export interface LxcContainerSecurityArgs {
  /**
   * The node that has the container, named as for `ssh`. Where it has migrated to another node of the cluster whose name
   * is one of `pve-posture:nodes`, it is followed there.
   */
  node: pulumi.Input<string>;
  /** The container's id, 100 or more. */
  vmid: pulumi.Input<number>;
  /** Whether the container has to be unprivileged. Only checked: an update fails where it is not so, and never flips it. */
  unprivileged?: pulumi.Input<boolean>;
  /**
   * `lxc.apparmor.profile`: a loaded profile named `lxc-…`, or `unconfined`. Pass `profile.name` of an `AppArmorProfile`,
   * so that Pulumi deploys it first and removes it last. `generated` is Proxmox VE's own profile, with the rules that it
   * adds: no line may name another then.
   */
  apparmorProfile?: pulumi.Input<string>;
  /** `lxc.apparmor.raw`: rules that are added to the generated profile, such as `deny /mnt/shared/secret/** rwklx,`. */
  apparmorRules?: pulumi.Input<pulumi.Input<string>[]>;
  /** `lxc.idmap`: the whole map, users and groups; any other `lxc.idmap` line is replaced. */
  idmap?: pulumi.Input<pulumi.Input<IdmapArgs>[]>;
  /**
   * What an `idmap` does to files that belong to the former map: refused, with the numbers (default), or their owners are
   * changed with it. A running container is stopped for that where `restart` allows it, else the update is refused. It is
   * locked until all is done; an interrupted change is gone on with by the next update. Leave it set: `destroy` needs it
   * to change the owners back.
   */
  shiftOwnership?: pulumi.Input<boolean>;
  /**
   * Whether root of the node is granted the ids of the map in `/etc/subuid` and `/etc/subgid`; what was added goes again
   * when no container of the node needs it any more. Default false.
   */
  grantSubids?: pulumi.Input<boolean>;
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
  /** Options of `rootfs` and of `mp[n]` that the container has, by property: `{ mp0: { ro: true, nosuid: true } }`. */
  mountPoints?: pulumi.Input<Record<string, pulumi.Input<MountPointArgs> | undefined>>;
  /** `lxc.seccomp.profile`: the absolute path of a file on the node. */
  seccompProfile?: pulumi.Input<string>;
  /** `lxc.prlimit.*`, by the names of getrlimit(2) in small letters: `{ nofile: { soft: 1024, hard: 65536 } }`. */
  limits?: pulumi.Input<Record<string, pulumi.Input<LimitArgs> | undefined>>;
  /** Other raw settings by key, such as `{ "lxc.environment": ["TZ=UTC"] }`; a list for keys that repeat. */
  raw?: pulumi.Input<Record<string, pulumi.Input<string | pulumi.Input<string>[]>>>;
  /** Options of the property `features`. */
  features?: pulumi.Input<FeaturesArgs>;
  /** The container's firewall: ports belong here, as AppArmor knows none. */
  firewall?: pulumi.Input<FirewallArgs>;
  /**
   * Inputs whose lines are all there may be: `deviceRules`, `capDrop`, `mountEntries`, `apparmorRules`, or a raw key of
   * which every line counts, such as `lxc.environment`. Lines of others are drift and are removed then, but for those
   * that other resources of the program declare (which must come first: `dependsOn`). Default: none, lines of others stay.
   */
  exclusive?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * What becomes of a running container when its configuration changes, or when it lacks what is declared. `never`
   * (default): nothing, it is said that the change waits for a restart. `if-running`: it is restarted. `always`: and one
   * that is stopped is started. It has to run again in time, under the declared profile and with the declared ids; else
   * the configuration (and a profile changed in the same update) goes back, it is started again, and the update fails.
   */
  restart?: pulumi.Input<"never" | "if-running" | "always">;
  /** How long shutting down may take, and again coming up. Default 60. */
  restartTimeoutSeconds?: pulumi.Input<number>;
}

/**
 * The security posture of one container: lines of `/etc/pve/lxc/<vmid>.conf` (its main section only; pending changes
 * and snapshots are never touched) and of its firewall file.
 *
 * Changes are made under Proxmox VE's own lock and take effect when the container is restarted (see `restart`). Deleting gives back
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
  declare readonly unprivileged: pulumi.Output<boolean | undefined>;
  declare readonly apparmorProfile: pulumi.Output<string | undefined>;
  declare readonly apparmorRules: pulumi.Output<string[] | undefined>;
  declare readonly idmap: pulumi.Output<pulumi.Unwrap<IdmapArgs>[] | undefined>;
  declare readonly shiftOwnership: pulumi.Output<boolean | undefined>;
  declare readonly grantSubids: pulumi.Output<boolean | undefined>;
  declare readonly deviceRules: pulumi.Output<pulumi.Unwrap<DeviceRuleArgs>[] | undefined>;
  declare readonly capDrop: pulumi.Output<string[] | undefined>;
  declare readonly capKeep: pulumi.Output<string[] | undefined>;
  declare readonly mountEntries: pulumi.Output<string[] | undefined>;
  declare readonly mountAuto: pulumi.Output<string[] | undefined>;
  declare readonly mountPoints: pulumi.Output<Record<string, pulumi.Unwrap<MountPointArgs>> | undefined>;
  declare readonly seccompProfile: pulumi.Output<string | undefined>;
  declare readonly limits: pulumi.Output<Record<string, pulumi.Unwrap<LimitArgs>> | undefined>;
  declare readonly raw: pulumi.Output<Record<string, string | string[]> | undefined>;
  declare readonly features: pulumi.Output<pulumi.Unwrap<FeaturesArgs> | undefined>;
  declare readonly firewall: pulumi.Output<pulumi.Unwrap<FirewallArgs> | undefined>;
  declare readonly exclusive: pulumi.Output<string[] | undefined>;
  declare readonly restart: pulumi.Output<"never" | "if-running" | "always" | undefined>;
  declare readonly restartTimeoutSeconds: pulumi.Output<number | undefined>;
  /** The name of the node that has the container. */
  declare readonly owner: pulumi.Output<string>;
  /** Whether it ran when it was last read. */
  declare readonly running: pulumi.Output<boolean>;
  /** What the running container really has; undefined where it doesn't run. */
  declare readonly live: pulumi.Output<LiveContainer | undefined>;
  /** What of the declared it will have only when it is restarted. */
  declare readonly waitsForRestart: pulumi.Output<string[]>;
  /** The lines of the two files that this resource stands for. Values that may be secrets are left out. */
  declare readonly lines: pulumi.Output<string[]>;

  constructor(name: string, args: LxcContainerSecurityArgs, options?: pulumi.CustomResourceOptions) {
    super("LxcContainerSecurity", name, args, ["lines", "owner", "running", "live", "waitsForRestart"], options);
  }
}
