import type { PhoenixConfigs, PhoenixContainer } from "../../schemas/phoenix.js";
import type { Reading } from "./reading.js";

/** A container and those that it was cloned from, nearest first, as far as the file has them. */
export function lineage({ lxc_configs }: PhoenixConfigs, vmid: string): { vmid: string; config: PhoenixContainer }[] {
  const line: { vmid: string; config: PhoenixContainer }[] = [];
  for (let next: string | undefined = vmid; next !== undefined; ) {
    if (!Object.hasOwn(lxc_configs, next) || line.some((one) => one.vmid === next)) break;
    const config: PhoenixContainer = lxc_configs[next]!;
    line.push({ vmid: next, config });
    next = config.clone_from_ctid === undefined ? undefined : String(config.clone_from_ctid);
  }
  return line;
}

/** Whether the container is unprivileged: a clone is what its origin was, whatever the file leaves out. */
export const isUnprivileged = (line: readonly { config: PhoenixContainer }[]): boolean | undefined =>
  line.find(({ config }) => config.unprivileged !== undefined)?.config.unprivileged;

/** A clone has the features and raw lines of its origin, which the file's entry for the clone doesn't show. */
export function noteInherited(line: readonly { vmid: string; config: PhoenixContainer }[], reading: Reading): void {
  const options = ({ pct_options = [], lxc_options = [] }: PhoenixContainer) => [...pct_options, ...lxc_options];
  const own = new Set(line.slice(0, 1).flatMap(({ config }) => options(config)));
  for (const { vmid, config } of line.slice(1)) {
    const others = options(config).filter((option) => !own.has(option));
    if (others.length > 0) {
      reading.note(`As a clone of ${vmid}, the container may have its options, which aren't declared here: ${others.join("; ")}.`);
    }
  }
}
