import type * as pulumi from "@pulumi/pulumi";
import type { DeviceRuleArgs } from "./lxc-container-security.js";
import { PostureResource } from "./base.js";

/** Inputs of {@link GpuPassthrough}. */
export interface GpuPassthroughArgs {
  /** The node, named as for `ssh`. */
  node: pulumi.Input<string>;
  /** The container's id, 100 or more. */
  vmid: pulumi.Input<number>;
  /**
   * `"all"`, or GPUs by index (NVIDIA: the device's minor), UUID (`GPU-…`, as `nvidia-smi -L` prints it) or PCI
   * address (`0000:01:00.0`).
   */
  gpus: pulumi.Input<"all" | pulumi.Input<number | string>[]>;
  /**
   * `dev`: properties `dev[n]` (pve-container 5.0.7 and newer), which follow a changed major; `raw`: mount entries and
   * cgroup2 rules; `auto` (default): `dev` where the node knows it.
   */
  entries?: pulumi.Input<"auto" | "dev" | "raw">;
  /** Mode of the device nodes in the container, octal with a leading 0; default `0666`. Only with `dev[n]`. */
  mode?: pulumi.Input<string>;
  /** Owner within the container; default 0. Only with `dev[n]`. */
  uid?: pulumi.Input<number>;
  /** Group within the container, such as the one of its `render`; default 0. Only with `dev[n]`. */
  gid?: pulumi.Input<number>;
}

/** A GPU as the node describes it. */
export interface FoundGpu {
  index: number;
  vendor: "nvidia" | "amd" | "intel";
  model: string;
  uuid?: string;
  pci: string;
}

/** A device node; its major is the one of the node's running kernel. */
export interface PassedDevice {
  path: string;
  major: number;
  minor: number;
}

/**
 * GPUs of a node in a container. Majors and device nodes are found on the node at each update, never assumed:
 * `nvidia-uvm` has another major on every host, and sometimes after every boot.
 *
 * @example
 * const gpu = new GpuPassthrough("gpu", { node: "pve1", vmid: 951, gpus: [0] });
 */
export class GpuPassthrough extends PostureResource {
  declare readonly node: pulumi.Output<string>;
  declare readonly vmid: pulumi.Output<number>;
  declare readonly gpus: pulumi.Output<"all" | (number | string)[]>;
  declare readonly entries: pulumi.Output<string | undefined>;
  declare readonly mode: pulumi.Output<string | undefined>;
  declare readonly uid: pulumi.Output<number | undefined>;
  declare readonly gid: pulumi.Output<number | undefined>;
  /** The GPUs that were found. */
  declare readonly found: pulumi.Output<FoundGpu[]>;
  /** The device nodes that are passed through. */
  declare readonly devices: pulumi.Output<PassedDevice[]>;
  /** cgroup2 rules for exactly these devices, for `deviceRules` of `LxcContainerSecurity` behind a `deny a`. */
  declare readonly deviceRules: pulumi.Output<DeviceRuleArgs[]>;
  /** The lines of the container's configuration that this resource stands for. */
  declare readonly lines: pulumi.Output<string[]>;

  constructor(name: string, args: GpuPassthroughArgs, options?: pulumi.CustomResourceOptions) {
    super("GpuPassthrough", name, args, ["found", "devices", "deviceRules", "lines"], options);
  }
}
