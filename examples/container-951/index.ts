import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  AppArmorProfile,
  GpuPassthrough,
  LxcContainerSecurity,
  apparmor,
  parsePhoenix,
  phoenixContainer,
  standardDeviceRules,
} from "pve-posture";
import { containerProfile } from "./profile";

const read = (file: string) => readFileSync(join(__dirname, file), "utf8");
const node = new pulumi.Config().get("node") ?? "pve";

// what Phoenix's scripts read, as inputs of the three resources
const phoenix = phoenixContainer(parsePhoenix(read("phoenix_lxc_configs.json")), 951, {
  node,
  profiles: { "lxc-gpu-docker-storage": apparmor.toText(containerProfile) },
});

const profile = new AppArmorProfile("lxc-gpu-docker-storage", phoenix.profile!);
const gpu = new GpuPassthrough("gpu", phoenix.gpu!);

const security = new LxcContainerSecurity("security", {
  ...phoenix.security,
  // the output, not the name: so Pulumi deploys the profile first and removes it last
  apparmorProfile: profile.name,
  // its uid 1000 becomes the node's, which owns the models: the files that the container has already have to follow
  unprivileged: true,
  shiftOwnership: true,
  grantSubids: true,
  // rules for the majors of another boot, as scripts have left them, go
  exclusive: ["deviceRules"],
  restart: "if-running",
  // an unprivileged container may use every device it is given, unless all are denied first
  deviceRules: gpu.deviceRules.apply((rules) => [
    { action: "deny" as const, rule: "a" },
    ...standardDeviceRules,
    ...phoenix.security.deviceRules!,
    ...rules,
  ]),
  firewall: {
    ...phoenix.security.firewall,
    // out: names, time, and HTTPS for models and images
    policyOut: "DROP",
    rules: [
      ...phoenix.security.firewall!.rules!,
      { direction: "out", action: "ACCEPT", proto: "udp", dport: "53,123" },
      { direction: "out", action: "ACCEPT", proto: "tcp", dport: "53,443" },
    ],
  },
});

export const profileDigest = profile.digest;
export const gpus = gpu.found.apply((found) => found.map(({ index, model, uuid }) => `${index}: ${model} (${uuid})`));
export const lines = security.lines;
export const drift = security.drift;
export const waitsForRestart = security.waitsForRestart;
