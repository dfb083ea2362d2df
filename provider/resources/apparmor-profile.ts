import * as pulumi from "@pulumi/pulumi";
import type { ProfileFile } from "../apparmor/build/index.js";
import { isBuilt, toText } from "../apparmor/build/text.js";
import { PostureResource } from "./base.js";

/** Inputs of {@link AppArmorProfile}. */
export interface AppArmorProfileArgs {
  /** The node, named as for `ssh`: an alias, `host`, `user@host` or `host:port`. */
  node: pulumi.Input<string>;
  /**
   * The profile's name, also its file's: `/etc/apparmor.d/<name>`. A container's must begin with `lxc-`, as
   * `lxc-start` may change to no other (Debian's and Proxmox VE's `/etc/apparmor.d/abstractions/lxc/start-container`).
   */
  name: pulumi.Input<string>;
  /**
   * The whole text, preamble included, or what `apparmor.profileFile(…)` built. It declares one profile, of this name; the
   * node's own `apparmor_parser` checks it before anything changes.
   */
  profile: pulumi.Input<string | ProfileFile>;
}

/**
 * An AppArmor profile on a node: a file in `/etc/apparmor.d/`, loaded into the kernel.
 *
 * Deleting gives back what was there before; where nothing was, the profile is unloaded and its file removed. That is
 * refused while a container names it or a process runs under it: unloading would leave it unconfined.
 *
 * @example
 * const profile = new AppArmorProfile("vllm", {
 *   node: "pve1",
 *   name: "lxc-vllm",
 *   profile: readFileSync("lxc-vllm.apparmor", "utf8"),
 * });
 */
export class AppArmorProfile extends PostureResource {
  declare readonly node: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly profile: pulumi.Output<string>;
  /** The file on the node. */
  declare readonly path: pulumi.Output<string>;
  /** SHA-256 of the file, in hexadecimal digits. */
  declare readonly digest: pulumi.Output<string>;
  /** The mode that the kernel lists: `enforce`, `complain`, `kill`, `unconfined`; empty when not loaded. */
  declare readonly mode: pulumi.Output<string>;
  /** Whether the kernel has it. */
  declare readonly loaded: pulumi.Output<boolean>;

  constructor(name: string, args: AppArmorProfileArgs, options?: pulumi.CustomResourceOptions) {
    super("AppArmorProfile", name, { ...args, profile: textOf(args.profile) }, ["path", "digest", "mode", "loaded"], options);
  }
}

/** The engine and the state know the text only. */
function textOf(profile: AppArmorProfileArgs["profile"]): pulumi.Input<string> {
  if (typeof profile === "string") return profile;
  if (isBuilt(profile)) return toText(profile);
  return pulumi.output(profile).apply((known) => (isBuilt(known) ? toText(known as ProfileFile) : (known as string)));
}
