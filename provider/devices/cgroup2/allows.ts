import { requestsOf } from "./access.js";
import { applyDeviceLines, type Applied, type ApplyOptions } from "./apply.js";
import { coversRule } from "./covers.js";
import type { DeviceLine } from "./line.js";
import type { DeviceRule } from "./rule.js";

/** A device, and what is to be done with it. */
export interface DeviceRequest {
  type: "b" | "c";
  major: number;
  minor: number;
  /** of r, w and m; `rw` is to open it for both */
  access: string;
}

/** The rule that decides about what is asked for at once; undefined where none does. */
const decides = (except: readonly DeviceRule[], request: DeviceRequest): DeviceRule | undefined =>
  except.find((rule) => coversRule(rule, request));

/**
 * Whether the lines, as far as they are applied, let all of a request through. Opening and making a node are asked for
 * one after the other; opening for reading and writing is asked for at once.
 */
export function permits({ otherwise, list, except }: Applied, request: DeviceRequest): boolean {
  if (otherwise !== list) return true;
  return requestsOf(request.access).every((access) => (decides(except, { ...request, access }) !== undefined) === (list === "deny"));
}

/**
 * Whether LXC, given the lines in their order, lets a container do something with a device. The lines should be all that
 * it reads, its defaults (`defaultLines`) first; one that it refuses keeps the container from starting, and is passed over.
 */
export const allows = (lines: readonly DeviceLine[], request: DeviceRequest, options?: ApplyOptions): boolean =>
  permits(applyDeviceLines(lines, options), request);
