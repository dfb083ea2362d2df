import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const repository = resolve(__dirname, "../..");

let engine: Promise<string> | undefined;

/** The directory of a real `pulumi`; found or built once. */
export function engineDirectory(): Promise<string> {
  // an ES module of plain JavaScript, which users run too
  const script = join(repository, "scripts/engine.mjs");
  engine ??= import(script).then((module: { findEngine(): Promise<string> }) => module.findEngine());
  return engine;
}

export interface Outcome {
  code: number;
  output: string;
}

export interface StateResource {
  urn: string;
  id?: string;
  type: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

/** A Pulumi project of its own in a temporary directory, driven by the real command, with its state in a file. */
export class Stack {
  private constructor(
    readonly directory: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** @param nodeModules where the program finds its packages; default this repository's own */
  static async create(env: NodeJS.ProcessEnv, nodeModules = join(repository, "node_modules")): Promise<Stack> {
    const directory = await mkdtemp(join(tmpdir(), "pve-posture-stack-"));
    await mkdir(join(directory, "state"));
    await mkdir(join(directory, "home"));
    await writeFile(join(directory, "Pulumi.yaml"), "name: program\nruntime: { name: nodejs, options: { typescript: false } }\n");
    await writeFile(join(directory, "package.json"), '{ "name": "program", "main": "index.js" }\n');
    if (nodeModules) await symlink(nodeModules, join(directory, "node_modules"));
    const stack = new Stack(directory, {
      ...process.env,
      PATH: `${await engineDirectory()}:${process.env["PATH"]}`,
      PULUMI_HOME: join(directory, "home"),
      PULUMI_BACKEND_URL: `file://${directory}/state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ...env,
    });
    await stack.run("stack", "init", "test");
    return stack;
  }

  /** The program; `posture` is the library. */
  async program(body: string): Promise<void> {
    const head = 'const pulumi = require("@pulumi/pulumi");\nconst posture = require("pve-posture");\n';
    await writeFile(join(this.directory, "index.js"), head + body);
  }

  set(env: NodeJS.ProcessEnv): void {
    Object.assign(this.env, env);
  }

  up = (...flags: string[]) => this.run("up", "--yes", "--skip-preview", ...flags);
  preview = (...flags: string[]) => this.run("preview", ...flags);
  refresh = (...flags: string[]) => this.run("refresh", "--yes", "--skip-preview", ...flags);
  destroy = () => this.run("destroy", "--yes", "--skip-preview");

  run(...args: string[]): Promise<Outcome> {
    return this.start(...args).ended;
  }

  /** A command that can be interrupted: each call of `interrupt` is one Ctrl-C. */
  start(...args: string[]): { ended: Promise<Outcome>; interrupt(): void } {
    const child = spawn("pulumi", ["--non-interactive", "--color", "never", ...args], {
      cwd: this.directory,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (output += data.toString()));
    const ended = new Promise<Outcome>((done, fail) => {
      child.on("error", fail);
      child.on("close", (status) => done({ code: status ?? -1, output }));
    });
    return { ended, interrupt: () => void child.kill("SIGINT") };
  }

  /** The state as it is stored, secrets encrypted. */
  async stateText(): Promise<string> {
    return (await this.run("stack", "export")).output;
  }

  /** The library's resources in the state, by their name in the program. */
  async resources(...flags: string[]): Promise<Record<string, StateResource>> {
    const { output } = await this.run("stack", "export", ...flags);
    const { deployment } = JSON.parse(output) as { deployment: { resources?: StateResource[] } };
    const own = (deployment.resources ?? []).filter(({ type }) => type.includes("pve-posture"));
    return Object.fromEntries(own.map((resource) => [resource.urn.split("::").at(-1)!, resource]));
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
