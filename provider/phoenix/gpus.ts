import type { PhoenixContainer } from "../../schemas/phoenix.js";
import type { Reading } from "./reading.js";

/** Whether `gpu_assignment` names any. */
export const hasGpu = ({ gpu_assignment }: PhoenixContainer): boolean => /\d/.test(gpu_assignment ?? "");

/** The indexes of the GPUs that `gpu_assignment` names. */
export function readGpus(config: PhoenixContainer, reading: Reading): number[] | undefined {
  if (!hasGpu(config)) return undefined;
  reading.note(
    "Phoenix's rules `c 195:*`, `c 506:*` and `c 509:*` are not taken over, as those majors change from boot to boot: the " +
      "devices are looked up on the node. Remove such lines where the container still has them.",
  );
  return [...new Set(config.gpu_assignment!.split(",").map(Number))];
}
