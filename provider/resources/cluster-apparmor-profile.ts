import * as pulumi from "@pulumi/pulumi";
import { AppArmorProfile, type AppArmorProfileArgs } from "./apparmor-profile.js";

/** Inputs of {@link ClusterAppArmorProfile}. */
export interface ClusterAppArmorProfileArgs extends Omit<AppArmorProfileArgs, "node"> {
  /** The nodes, each named as for `ssh`. They must be known when the program runs, as each becomes a resource. */
  nodes: readonly string[];
}

/**
 * An AppArmor profile on several nodes of a cluster, so that a container that migrates finds it: one `AppArmorProfile`
 * for each node, named `<name>-<node>`. A node that is added gets it, one that is taken out loses it.
 *
 * @example
 * const profile = new ClusterAppArmorProfile("vllm", { nodes: ["pve1", "pve2"], name: "lxc-vllm", profile: text });
 * new LxcContainerSecurity("vllm", { node: "pve1", vmid: 951, apparmorProfile: profile.name });
 */
export class ClusterAppArmorProfile extends pulumi.ComponentResource {
  /** The profile's name; it is known once all nodes have it. */
  readonly name: pulumi.Output<string>;
  /** The resources, by node. */
  readonly profiles: Readonly<Record<string, AppArmorProfile>>;

  /** @throws Error where no node is named, or one twice */
  constructor(name: string, { nodes, ...args }: ClusterAppArmorProfileArgs, options?: pulumi.ComponentResourceOptions) {
    super("pve-posture:index:ClusterAppArmorProfile", name, {}, options);
    if (!Array.isArray(nodes)) throw new Error(`${name}: \`nodes\` must be a list that is known when the program runs, not an output`);
    if (nodes.length === 0) throw new Error(`${name}: \`nodes\` must name a node`);
    const twice = nodes.find((node, index) => nodes.indexOf(node) !== index);
    if (twice !== undefined) throw new Error(`${name}: \`nodes\` names ${twice} twice`);
    this.profiles = Object.fromEntries(
      nodes.map((node) => [node, new AppArmorProfile(`${name}-${node}`, { ...args, node }, { parent: this })]),
    );
    this.name = pulumi.all(Object.values(this.profiles).map((profile) => profile.name)).apply(([first]) => first!);
    this.registerOutputs({ name: this.name });
  }
}
