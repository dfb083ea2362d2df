import { z } from "zod";
import { posixId } from "./node.js";

/*
 * What matters to security is typed; everything else passes as it is, so that files of later versions still read.
 */

const containerIdProblem = 'must be the id of a container, such as "900"';
const containerId = z.union([z.string().regex(/^[1-9]\d*$/, containerIdProblem), z.int().min(1, containerIdProblem)], containerIdProblem);

const firewallRule = z.looseObject({
  type: z.enum(["in", "out"], "must be `in` or `out`"),
  action: z.enum(["ACCEPT", "DROP", "REJECT"], "must be ACCEPT, DROP or REJECT"),
  source: z.string().optional(),
  dest: z.string().optional(),
  proto: z.string().optional(),
  port: z.union([z.string(), z.int()], 'must be a port, such as "8000", or several, such as "80,443"').optional(),
  comment: z.string().optional(),
});

const idMap = z.looseObject({
  type: z.enum(["uid", "gid", "u", "g", "both"], "must be `uid`, `gid` or `both`"),
  container_id: posixId,
  host_id: posixId,
  size: z.int().min(1, "must map at least one id"),
});

const mountPoint = z.looseObject({
  host_path: z.string(),
  container_path: z.string(),
  owner_uid: posixId.optional(),
  owner_gid: posixId.optional(),
});

const container = z.looseObject({
  name: z.string().min(1, "must not be empty"),
  unprivileged: z.boolean().optional(),
  clone_from_ctid: containerId.optional(),
  gpu_assignment: z
    .string()
    .regex(/^\s*(?:none|\d+(?:\s*,\s*\d+)*)\s*$/, "must be `none` or the indexes of GPUs, such as `0` or `0, 1`")
    .optional(),
  features: z.array(z.string()).optional(),
  pct_options: z.array(z.string()).optional(),
  lxc_options: z.array(z.string()).optional(),
  id_maps: z.array(idMap).optional(),
  mount_points: z.array(mountPoint).optional(),
  volumes: z.array(z.looseObject({})).optional(),
  zfs_volumes: z.array(z.looseObject({})).optional(),
  apparmor_profile: z.string().min(1, "must not be empty: name a profile, or `unconfined`").optional(),
  apparmor_manages_nesting: z.boolean().optional(),
  firewall: z.looseObject({ enabled: z.boolean().optional(), rules: z.array(firewallRule).optional() }).optional(),
  ports: z
    .array(z.string().regex(/^(?:\d{1,5}:)?\d{1,5}(?:\/(?:tcp|udp))?$/, "must be <outside>:<inside>, such as 8000:8000"))
    .optional(),
});

/** `phoenix_lxc_configs.json` of Phoenix Hypervisor, from 2025-09 on. */
export const phoenixConfigs = z.looseObject({
  $schema: z.string().optional(),
  nvidia_driver_version: z.string().optional(),
  lxc_configs: z.record(z.string().regex(/^[1-9]\d*$/, "must be the id of a container"), container),
});

/** A whole `phoenix_lxc_configs.json`. */
export type PhoenixConfigs = z.infer<typeof phoenixConfigs>;
/** What the file says of one container. */
export type PhoenixContainer = z.infer<typeof container>;
export type PhoenixFirewall = NonNullable<PhoenixContainer["firewall"]>;
export type PhoenixIdMap = z.infer<typeof idMap>;
