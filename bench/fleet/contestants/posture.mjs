import { project } from "../engine.mjs";

/** This library, in a program of Pulumi. */
export const posture = {
  key: "ours",
  name: "pve-posture",
  async prepare({ directory, containers, node, port, version, log }) {
    const env = { PVE_POSTURE_NODES: nodesOf(node, port), PVE_POSTURE_PREVIEW: "strict", PVE_POSTURE_SSH_CONFIG: "none" };
    return { ...(await project(directory, { program: "posture.cjs", containers, env, log })), version };
  },
};

/** The value of `pve-posture:nodes`. */
export function nodesOf({ user, keyFile, hostKey }, port) {
  return JSON.stringify({ pve1: { host: "127.0.0.1", port, user, privateKeyFile: keyFile, hostKey, sudo: false } });
}
