// The fleet: every contestant does the same to the same node, with each latency.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { containersOf } from "./containers.mjs";
import { contestants } from "./contestants/index.mjs";
import { measured } from "./measured.mjs";
import { measureMemory } from "./memory.mjs";
import { startNode } from "./node.mjs";
import { DelayingProxy } from "./proxy.mjs";
import { stateSizes } from "./state.mjs";
import { steps } from "./steps.mjs";

/** What `--only` may name. */
export const parts = [...contestants.map(({ key }) => key), "memory"];
/** What it stands for where it is not given. */
export const usualParts = parts.filter((part) => !contestants.some(({ key, onDemand }) => key === part && onDemand));

/**
 * @param {object} options
 * @param {number} options.containers
 * @param {number[]} options.latencies milliseconds of a round trip
 * @param {string[]} options.only some of `parts`
 * @param {number} options.rounds the best of as many counts, for those that are not measured once
 * @param {number} options.memory how many containers the memory is measured with
 * @param {string} options.version the library's
 * @param {AbortSignal} options.signal
 * @param {(line: string) => void} options.log
 * @param {(data: object) => Promise<void>} options.save is given each part of the data as soon as it is there
 */
export async function measureFleet({ only, memory, save, ...options }) {
  const directory = await mkdtemp(join(tmpdir(), "pve-posture-bench-"));
  try {
    const chosen = contestants.filter(({ key }) => only.includes(key));
    if (chosen.length > 0) await compare({ ...options, chosen, directory, save });
    if (only.includes("memory")) await save({ memory: await measureMemory({ ...options, directory, containers: memory }) });
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function compare({ chosen, containers: count, latencies, rounds, directory, save, ...options }) {
  const { log, signal } = options;
  log(`A node with ${count} containers`);
  const containers = containersOf(count);
  const place = join(directory, "node");
  await mkdir(place);
  const node = await startNode(place, containers, { running: true });
  const proxy = await DelayingProxy.listen(node.port);
  try {
    for (const latency of latencies) {
      proxy.latency = latency;
      const best = new Map();
      for (let round = 0; round < rounds; round++) {
        // In turns, so that what slows this machine for a while slows all.
        for (const contestant of chosen.filter(({ once }) => !once || round === 0)) {
          const { key, name, once } = contestant;
          log(`${name}, ${latency} ms${once ? "" : `, round ${round + 1} of ${rounds}`}`);
          const work = join(directory, `${key}-${latency}-${round}`);
          const tell = { contestant: key, name, containers: count, latency };
          const rows = await attempt(tell, signal, () =>
            walk(contestant, { ...options, containers, directory: work, node, proxy, save }),
          );
          await rm(work, { recursive: true, force: true, maxRetries: 5 });
          for (const row of rows) {
            const place = `${key} ${row.step}`;
            const former = best.get(place);
            best.set(place, { ...(isBetter(row, former) ? row : former), rounds: round + 1 });
          }
          await save({ rows: [...best.values()] });
        }
      }
    }
  } finally {
    await proxy.close();
    await node.stop();
  }
}

const isBetter = (row, than) => !than || than.why !== undefined || row.wall < than.wall;

/** A row for each step, or why there is none. */
async function attempt(tell, signal, work) {
  const done = [];
  let why;
  try {
    for await (const row of work()) done.push(row);
  } catch (error) {
    if (signal.aborted) throw error;
    why = error.message.split("\n")[0];
  }
  return Object.keys(steps).map((step) => ({ ...tell, ...(done.find((row) => row.step === step) ?? { step, why }) }));
}

/** One contestant's steps, from a node as it was at the start. */
async function* walk(contestant, { containers, directory, node, proxy, log, signal, version, save }) {
  await mkdir(directory);
  await node.restore();
  const made = await contestant.prepare({ directory, containers, node, port: proxy.port, version, log });
  for (const [step, { command, cwd, env }] of Object.entries(made.steps)) {
    proxy.reset();
    await node.sessions();
    const before = await node.cpu();
    const { wall, user, system } = await measured(command, { directory, signal, cwd, env });
    if (!contestant.idle) await node.verify(containers);
    const figures = {
      wall,
      cpu: user + system,
      nodeCpu: (await node.cpu()) - before,
      ...proxy.counts,
      ...(await node.sessions()),
    };
    log(`  ${steps[step]}: ${wall.toFixed(2)} s`);
    yield { step, version: made.version, date: new Date().toISOString().slice(0, 10), ...figures };
    if (step === "first" && made.resources) await save({ state: { [contestant.key]: stateSizes(await made.resources()) } });
  }
}
