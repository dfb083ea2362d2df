import type { PhoenixConfigs } from "../../schemas/phoenix.js";
import { phoenixContainer, type PhoenixOptions, type PhoenixPosture } from "./container.js";

/** One container of the file: what would be applied, or why nothing can be. */
export interface PhoenixReport {
  vmid: number;
  name: string;
  posture?: PhoenixPosture;
  problem?: string;
}

/** Tries every container of the file. One that can't be applied stands in the way of no other. */
export function reportPhoenix(configs: PhoenixConfigs, options: PhoenixOptions): PhoenixReport[] {
  return Object.entries(configs.lxc_configs).map(([vmid, { name }]) => {
    const container = { vmid: Number(vmid), name };
    try {
      return { ...container, posture: phoenixContainer(configs, vmid, options) };
    } catch (error) {
      return { ...container, problem: error instanceof Error ? error.message : String(error) };
    }
  });
}
