import { z } from "zod";
import { appArmorProfileInputs, type AppArmorProfileInputs } from "../../schemas/apparmor-profile.js";
import { gpuPassthroughInputs, type GpuPassthroughInputs } from "../../schemas/gpu-passthrough.js";
import { lxcContainerSecurityInputs, type LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import type { PhoenixConfigs, PhoenixContainer } from "../../schemas/phoenix.js";
import { PostureError } from "../errors.js";
import { isDeployed, readProfile } from "./apparmor.js";
import { dockerFeatures, dockerRules } from "./docker.js";
import { readFeatures } from "./features.js";
import { readFirewall } from "./firewall.js";
import { completeMap, defaultMap } from "./idmap.js";
import { printIssues } from "./issues.js";
import { isUnprivileged, lineage, noteInherited } from "./lineage.js";
import { readLxcOptions } from "./lxc-options.js";
import { Reading } from "./reading.js";
import { noteStorage } from "./storage.js";

/** Where and with what a container of the file is to be applied. */
export interface PhoenixOptions {
  /** the node that the container is on, as the resources take it */
  node: string;
  /** texts of AppArmor profiles by name, to be deployed for the containers that name them */
  profiles?: Record<string, string>;
}

/** What one container of `phoenix_lxc_configs.json` comes to: inputs of the resources, ready to be passed on. */
export interface PhoenixPosture {
  /** for `AppArmorProfile`, where the container names a profile and its text was given */
  profile?: AppArmorProfileInputs;
  /** for `LxcContainerSecurity` */
  security: LxcContainerSecurityInputs;
  /** for `GpuPassthrough`, where the container has GPUs */
  gpu?: GpuPassthroughInputs;
  /** what was left out or means something else than it seems, one sentence each */
  notes: string[];
}

/**
 * Turns one container of the file into inputs of the resources.
 *
 * @param configs what `parsePhoenix` read
 * @param vmid the container's id in the file
 * @throws PostureError `invalid-input` with the container and the paths of everything that can't be applied
 */
export function phoenixContainer(configs: PhoenixConfigs, vmid: number | string, options: PhoenixOptions): PhoenixPosture {
  const line = lineage(configs, String(vmid));
  const config = line[0]?.config;
  if (!config) {
    throw new PostureError("invalid-input", `the file has no container ${vmid}`, `It has ${Object.keys(configs.lxc_configs).join(", ")}.`);
  }
  const reading = new Reading(`container ${vmid} (${config.name})`);
  const target = { node: options.node, vmid: Number(vmid) };
  const unprivileged = isUnprivileged(line);
  if (unprivileged === false) reading.note("Warning: the container is privileged: its root is the node's root.");

  const gpu = readGpus(config, reading);
  const security = readSecurity(config, unprivileged, reading);
  const profile = readDeployment(security.apparmorProfile, options, reading);
  noteInherited(line, reading);
  noteStorage(config, unprivileged === false ? undefined : (security.idmap ?? defaultMap), reading);
  // Problems with the file's own paths come first: what a schema would say of their remains is noise.
  reading.finish();

  const posture: PhoenixPosture = {
    ...(profile ? { profile: checked("profile", appArmorProfileInputs, profile, reading) } : {}),
    security: checked("security", lxcContainerSecurityInputs, { ...target, ...security }, reading),
    ...(gpu ? { gpu: checked("gpu", gpuPassthroughInputs, { ...target, gpus: gpu }, reading) } : {}),
    notes: reading.notes,
  };
  reading.finish();
  return posture;
}

type Declared = Omit<LxcContainerSecurityInputs, "node" | "vmid">;

function readSecurity(config: PhoenixContainer, unprivileged: boolean | undefined, reading: Reading): Declared {
  const docker = config.features?.includes("docker") ?? false;
  const asked = readFeatures(config, reading);
  const features = docker ? dockerFeatures(asked, unprivileged, reading) : asked;
  const { apparmorProfile: option, idmap: mapped, deviceRules: rules, ...others } = readLxcOptions(config.lxc_options ?? [], reading);
  const apparmorProfile = readProfile(config, option, reading);
  const declared = {
    apparmorProfile,
    idmap: readMap(config, mapped, unprivileged, reading),
    deviceRules: docker ? dockerRules(rules ?? [], unprivileged, reading) : rules,
    ...others,
    features: Object.keys(features).length > 0 ? features : undefined,
    firewall: readFirewall(config, reading),
  };
  if (features.nesting && apparmorProfile !== undefined && apparmorProfile !== "unconfined") {
    reading.note(`With a profile of its own, nesting adds no AppArmor rules: ${apparmorProfile} itself must allow what nesting needs (mounts, namespaces).`);
  }
  return Object.fromEntries(Object.entries(declared).filter(([, value]) => value !== undefined));
}

function readMap(
  config: PhoenixContainer,
  option: LxcContainerSecurityInputs["idmap"],
  unprivileged: boolean | undefined,
  reading: Reading,
): LxcContainerSecurityInputs["idmap"] {
  const maps = config.id_maps ?? [];
  const source = maps.length > 0 ? "id_maps" : option ? "lxc_options" : undefined;
  if (source && unprivileged === false) {
    reading.problem(source, "map ids, but the container is privileged: Proxmox VE would still take its files as not mapped. Remove them");
  } else if (maps.length > 0 && option) {
    reading.problem("id_maps", "can't stand beside lxc.idmap in lxc_options: say the map in one place");
  }
  if (maps.length > 0) {
    noteMaps(maps, reading);
    return completeMap(maps);
  }
  if (option || !hasGpu(config)) return option;
  if (unprivileged) return defaultMap.map((entry) => ({ ...entry }));
  reading.note(
    unprivileged === false
      ? "No idmap is declared: Phoenix gave one to every container with a GPU, but this one is privileged."
      : "No idmap is declared: the file doesn't say whether the container is unprivileged. If so, Proxmox VE maps 0 to 100000 by itself.",
  );
  return undefined;
}

function noteMaps(maps: NonNullable<PhoenixContainer["id_maps"]>, reading: Reading): void {
  const lines = maps.flatMap(({ type, host_id, size }) => [
    ...(type.startsWith("g") ? [] : [`root:${host_id}:${size} in /etc/subuid`]),
    ...(type.startsWith("u") ? [] : [`root:${host_id}:${size} in /etc/subgid`]),
  ]);
  reading.note(
    `id_maps, which Phoenix ignored, are applied. The node needs ${lines.join(", ")}; files that the container has already ` +
      "belong to the ids of its former map.",
  );
}

const hasGpu = ({ gpu_assignment }: PhoenixContainer): boolean => /\d/.test(gpu_assignment ?? "");

function readGpus(config: PhoenixContainer, reading: Reading): number[] | undefined {
  if (!hasGpu(config)) return undefined;
  reading.note(
    "Phoenix's rules `c 195:*`, `c 506:*` and `c 509:*` are not taken over, as those majors change from boot to boot: the " +
      "devices are looked up on the node. Remove such lines where the container still has them.",
  );
  return [...new Set(config.gpu_assignment!.split(",").map(Number))];
}

function readDeployment(name: string | undefined, { node, profiles }: PhoenixOptions, reading: Reading): AppArmorProfileInputs | undefined {
  if (!isDeployed(name)) return undefined;
  const text = profiles && Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (text !== undefined) return { node, name, profile: text };
  reading.note(`The text of the profile ${name} wasn't given: it must be loaded on the node otherwise, or the container won't start.`);
  return undefined;
}

/** Where in the file an input comes from, for errors that the resources' own schemas find. */
const origins: Record<string, string> = {
  name: "apparmor_profile",
  profile: "apparmor_profile",
  apparmorProfile: "apparmor_profile or lxc_options",
  idmap: "id_maps or lxc_options",
  features: "pct_options",
  firewall: "firewall",
  gpus: "gpu_assignment",
  vmid: "lxc_configs",
  node: "options",
};

function checked<T>(part: string, schema: z.ZodType<T>, inputs: unknown, reading: Reading): T {
  const result = schema.safeParse(inputs);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const [field] = issue.path;
    const origin = field === undefined ? "lxc_options" : (origins[String(field)] ?? "lxc_options");
    const [text = ""] = printIssues([{ ...issue, path: [part, ...issue.path] }]);
    const [, path = part, what = text] = /^([^:]*): (.*)$/s.exec(text) ?? [];
    reading.problem(`${path} (from ${origin})`, what);
  }
  return inputs as T;
}
