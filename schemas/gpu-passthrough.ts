import { z } from "zod";
import { nodeName, posixId, vmid } from "./node.js";

const selectors = "must be an index such as 0, a UUID such as GPU-…, or a PCI address such as 0000:01:00.0";

const gpuSelector = z.union(
  [
    z.int(selectors).min(0, selectors),
    z
      .string()
      .regex(/^(?:GPU-[0-9a-fA-F-]{36}|(?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])$/, selectors),
  ],
  selectors,
);

export const gpuPassthroughInputs = z.strictObject({
  node: nodeName,
  vmid,
  gpus: z.union(
    [z.literal("all"), z.array(gpuSelector).min(1, "must name a GPU; remove the resource to pass none through")],
    'must be "all" or a list of indexes, UUIDs or PCI addresses',
  ),
  entries: z.enum(["auto", "dev", "raw"], "must be auto, dev or raw").optional(),
  mode: z.string().regex(/^0[0-7]{3}$/, "must be an octal mode such as 0666").optional(),
  uid: posixId.optional(),
  gid: posixId.optional(),
});

export type GpuPassthroughInputs = z.infer<typeof gpuPassthroughInputs>;
