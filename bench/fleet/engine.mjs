import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findEngine } from "../../scripts/engine.mjs";
import { run } from "../process.mjs";

const repository = join(import.meta.dirname, "../..");
let engine;

/**
 * A Pulumi project with a stack whose state is a file, for a real engine.
 *
 * @param {string} directory a new one
 * @param {{ program: string, containers: object[], env?: Record<string, string>, log: (line: string) => void }} options
 *   `program` a file of programs/; `containers` what it declares
 */
export async function project(directory, { program, containers, env = {}, log }) {
  const path = await (engine ??= findEngine({ log }));
  for (const name of ["", "state", "home", "node_modules"]) await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, "Pulumi.yaml"), "name: fleet\nruntime: { name: nodejs, options: { typescript: false } }\n");
  await writeFile(join(directory, "package.json"), '{ "name": "fleet", "main": "index.js" }\n');
  await copyFile(join(import.meta.dirname, "programs", program), join(directory, "index.js"));
  await writeFile(join(directory, "containers.json"), JSON.stringify(containers));
  await symlink(repository, join(directory, "node_modules/pve-posture"));
  await symlink(join(repository, "node_modules/@pulumi"), join(directory, "node_modules/@pulumi"));
  const options = {
    cwd: directory,
    env: {
      PATH: `${path}:${process.env.PATH}`,
      PULUMI_HOME: join(directory, "home"),
      PULUMI_BACKEND_URL: `file://${directory}/state`,
      PULUMI_CONFIG_PASSPHRASE: "bench",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ...env,
    },
  };
  const pulumi = (...args) => ["pulumi", "--non-interactive", "--color", "never", ...args];
  await run(pulumi("stack", "init", "fleet"), options);
  const up = { ...options, command: pulumi("up", "--yes", "--skip-preview") };
  return {
    version: (await run(["pulumi", "version"], options)).stdout.trim(),
    up,
    steps: { first: up, again: up, check: { ...options, command: pulumi("preview", "--expect-no-changes") } },
    /** The resources of the state, as `pulumi stack export` prints them. */
    async resources() {
      return JSON.parse((await run(pulumi("stack", "export"), options)).stdout).deployment.resources;
    },
  };
}
