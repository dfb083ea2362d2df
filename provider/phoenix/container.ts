import { appArmorProfileInputs, type AppArmorProfileInputs } from "../../schemas/apparmor-profile.js";
import { gpuPassthroughInputs, type GpuPassthroughInputs } from "../../schemas/gpu-passthrough.js";
import { lxcContainerSecurityInputs, type LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import type { PhoenixConfigs, PhoenixContainer } from "../../schemas/phoenix.js";
import { PostureError } from "../errors.js";
import { isDeployed, readProfile } from "./apparmor.js";
import { checked } from "./checked.js";
import { dockerFeatures, dockerRules } from "./docker.js";
import { readFeatures } from "./features.js";
import { readFirewall } from "./firewall.js";
import { readGpus } from "./gpus.js";
import { defaultMap, readMap } from "./idmap.js";
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
    const known = Object.keys(configs.lxc_configs).join(", ");
    throw new PostureError("invalid-input", `the file has no container ${vmid}`, `It has ${known}.`);
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
    reading.note(
      `With a profile of its own, nesting adds no AppArmor rules: ${apparmorProfile} itself must allow what nesting needs (mounts, ` +
        "namespaces).",
    );
  }
  return Object.fromEntries(Object.entries(declared).filter(([, value]) => value !== undefined));
}

function readDeployment(name: string | undefined, { node, profiles }: PhoenixOptions, reading: Reading): AppArmorProfileInputs | undefined {
  if (!isDeployed(name)) return undefined;
  const text = profiles && Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (text !== undefined) return { node, name, profile: text };
  reading.note(`The text of the profile ${name} wasn't given: it must be loaded on the node otherwise, or the container won't start.`);
  return undefined;
}
