import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { containersOf } from "./containers.mjs";
import { nodesOf } from "./contestants/posture.mjs";
import { project } from "./engine.mjs";
import { measured } from "./measured.mjs";
import { startNode } from "./node.mjs";
import { steps as titles } from "./steps.mjs";
import { commandOf, descendantsOf, peakMemory } from "./processes.mjs";

/** A peak stays in sight until its process has ended, so this only has to catch the end. */
const intervalMs = 200;

/** A profile that every node has loaded: only containers are declared. */
const profile = "lxc-container-default-cgns";

/** The most memory that the provider's process has resident while containers are applied for the first time, then checked. */
export async function measureMemory({ containers: count, directory, signal, log }) {
  log(`The provider's memory with ${count} containers`);
  const [place, work] = ["node-memory", "memory"].map((name) => join(directory, name));
  await mkdir(place);
  const containers = containersOf(count).map(({ vmid, idmap, deviceRules }) => ({ vmid, name: profile, idmap, deviceRules }));
  const node = await startNode(place, containers, { running: false });
  try {
    const env = {
      PVE_POSTURE_NODES: nodesOf(node, node.port),
      PVE_POSTURE_PREVIEW: "strict",
      PVE_POSTURE_SSH_CONFIG: "none",
      // Else the engine writes the whole state after each resource, which takes most of the time and is not the provider's.
      PULUMI_EXPERIMENTAL: "true",
      PULUMI_SKIP_CHECKPOINTS: "true",
    };
    const { steps } = await project(work, { program: "posture.cjs", containers, env, log });
    const result = { containers: count };
    for (const step of ["first", "check"]) {
      result[step] = await watched(steps[step], { directory: work, signal });
      log(`  ${titles[step]}: ${(result[step].peak / 1e6).toFixed(0)} MB, ${result[step].wall.toFixed(1)} s`);
    }
    return result;
  } finally {
    await node.stop();
  }
}

async function watched({ command, cwd, env }, { directory, signal }) {
  let peak = 0;
  let over = false;
  let watching;
  const watch = async (above) => {
    let provider;
    while (!over) {
      provider ??= await providerBelow(above);
      if (provider) peak = Math.max(peak, (await peakMemory(provider)) ?? 0);
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  };
  try {
    const { wall } = await measured(command, { directory, signal, cwd, env, started: (pid) => (watching = watch(pid)) });
    if (peak === 0) throw new Error("the provider's process was not found");
    return { peak, wall };
  } finally {
    over = true;
    await watching;
  }
}

/** The node process that runs the dynamic provider; what launches it has the same words in its command. */
async function providerBelow(above) {
  for (const pid of await descendantsOf(above)) {
    const [program = "", script = ""] = (await commandOf(pid)).split("\0");
    if (/(^|\/)node$/.test(program) && script.includes("dynamic-provider")) return pid;
  }
  return undefined;
}
