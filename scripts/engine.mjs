#!/usr/bin/env node
/**
 * Finds a real Pulumi engine, or gets one: `PATH=$(node scripts/engine.mjs):$PATH pulumi up`.
 *
 * An engine is three programs: `pulumi`, the host of Node programs (`pulumi-language-nodejs`), and the launcher of
 * dynamic providers (`pulumi-resource-pulumi-nodejs`). In this order: PATH, `~/.pulumi/bin`, our cache folder,
 * a download by the npm package `pulumi`, and a build with Go. The last two fill the cache folder once.
 */
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  access,
  chmod,
  constants,
  mkdir,
  mkdtemp,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What is built. The launcher's counterpart, `@pulumi/pulumi`, is the program's own. */
const version = "3.230.0";
/** The last language host that is published within the SDK's Go module; it gets on with newer engines. */
const hostVersion = "3.68.0";
/** The version of the npm package nearest to `version`; there is none below it. */
const downloadVersion = "3.250.0";

const cli = "pulumi";
const host = "pulumi-language-nodejs";
const launcher = "pulumi-resource-pulumi-nodejs";

/** Runs the provider of the SDK that the program uses: the engine starts it in the program's directory. */
const launcherScript = `#!/bin/sh
provider=$(node -p "require.resolve('@pulumi/pulumi/cmd/dynamic-provider')") || {
  echo "@pulumi/pulumi can't be found from $PWD: install it there" >&2
  exit 1
}
exec node "$provider" "$@"
`;

const goMod = (modules) =>
  `module engine\n\ngo 1.25.8\n\nrequire (\n${modules.map((line) => `\t${line}\n`).join("")})\n`;

/** Two modules, because the two programs need different versions of the SDK. */
const builds = [
  {
    program: cli,
    about: `the engine ${version}, about two minutes on two cores`,
    module: goMod([
      `github.com/pulumi/pulumi/pkg/v3 v${version}`,
      `github.com/pulumi/pulumi/sdk/v3 v${version}`,
    ]),
    from: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // A build of the sources doesn't know its version by itself.
    flags: ["-ldflags", `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`],
  },
  {
    program: host,
    about: `its Node language host ${hostVersion}, about 15 seconds`,
    module: goMod([`github.com/pulumi/pulumi/sdk/v3 v${hostVersion}`]),
    from: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
  },
];

const executable = (file) =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

const exists = (path) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The first of these directories that has this program, as its path. */
async function lookUp(program, directories) {
  for (const directory of directories) {
    const file = join(directory, program);
    if (await executable(file)) return file;
  }
  return undefined;
}

/**
 * The version that a pulumi says it is, or that it says none (a plain build of its sources);
 * undefined when it doesn't run (an npm wrapper that can't download, say).
 */
function versionOf(pulumi, env) {
  return new Promise((resolve) =>
    execFile(
      pulumi,
      ["version"],
      { env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" }, timeout: 60_000, killSignal: "SIGKILL" },
      (error, stdout) => resolve(error ? undefined : stdout.trim() || "unstated"),
    ),
  );
}

async function writeLauncher(directory) {
  const file = join(directory, launcher);
  await writeFile(file, launcherScript);
  await chmod(file, 0o755);
}

/** The pulumi in `directory` with its parts there or on PATH; a missing launcher is added in a folder of ours. */
async function wholeEngine(directory, { cache, env, log, path }) {
  const pulumi = await lookUp(cli, [directory]);
  if (!pulumi) return undefined;
  const language = await lookUp(host, [directory, ...path]);
  if (!language) {
    log(`${pulumi}: without a ${host} beside it or on PATH`);
    return undefined;
  }
  const found = await versionOf(pulumi, env);
  if (!found) {
    log(`${pulumi}: doesn't run`);
    return undefined;
  }
  log(`${pulumi}: version ${found}`);
  if (await lookUp(launcher, [directory, ...path])) return directory;

  const linked = join(
    cache,
    `linked-${createHash("sha256").update(`${pulumi}\0${language}`).digest("hex").slice(0, 12)}`,
  );
  if (!(await exists(linked))) {
    await whole(cache, linked, async (temporary) => {
      const bin = join(temporary, "bin");
      await mkdir(bin);
      await symlink(pulumi, join(bin, cli));
      await symlink(language, join(bin, host));
      await writeLauncher(bin);
    });
  }
  log(`it lacks ${launcher}: added in ${join(linked, "bin")}`);
  return join(linked, "bin");
}

/** Makes a folder under another name and renames it when done: half of one never bears the name. */
async function whole(cache, target, make) {
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, "part-"));
  try {
    const made = (await make(temporary)) ?? temporary;
    await rename(made, target).catch(async (error) => {
      if (!(await exists(target))) throw error; // else somebody else was faster, and theirs is as good
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Runs a program for at most so many seconds; says how long it has been running, and what it said if it fails. */
function run(what, command, args, { cwd, env, seconds, log }) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
    // Its own group, since the programs it starts have to end with it.
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const kill = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // it is gone already
      }
    };
    let said = "";
    const listen = (chunk) => (said = (said + chunk).slice(-2000));
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    const tick = setInterval(() => log(`… ${what}: ${elapsed()}`), process.stderr.isTTY ? 2_000 : 10_000);
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      kill();
    }, seconds * 1000);
    // A group of its own doesn't get the terminal's Ctrl-C.
    const stop = (signal) => {
      kill();
      process.kill(process.pid, signal);
    };
    process.once("SIGINT", stop).once("SIGTERM", stop);
    const end = (error) => {
      clearInterval(tick);
      clearTimeout(limit);
      process.off("SIGINT", stop).off("SIGTERM", stop);
      if (error) reject(error);
      else resolve(elapsed());
    };
    child.on("error", end);
    child.on("close", (code) => {
      if (late) end(new Error(`${what} took longer than ${seconds} s`));
      else if (code !== 0) end(new Error(`${what} failed (${command} ended with ${code}):\n${said.trim()}`));
      else end();
    });
  });
}

/** Lets the npm package fetch the engine. Undefined where its download is out of reach. */
async function download(target, { cache, env, log, path }, seconds) {
  const npm = await lookUp("npm", path);
  if (!npm) return log("no npm on PATH: no download");
  try {
    log(
      `downloading the engine ${downloadVersion} through the npm package "pulumi" (for ${seconds} s at most)`,
    );
    await whole(cache, target, async (temporary) => {
      const home = join(temporary, "home");
      // The package keeps what it downloads in PULUMI_HOME, and downloads on its first run.
      const options = {
        cwd: temporary,
        env: { ...env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
        seconds,
        log,
      };
      const install = ["install", "--prefix", temporary, "--no-audit", "--no-fund", "--ignore-scripts"];
      await run("npm install", npm, [...install, `pulumi@${downloadVersion}`], options);
      const wrapper = join(temporary, "node_modules", "pulumi", "run.js");
      const took = await run("the download", process.execPath, [wrapper, "version"], options);
      const made = join(home, "versions", downloadVersion);
      const bin = join(made, "bin");
      if (!(await versionOf(join(bin, cli), env))) throw new Error("what was downloaded doesn't run");
      if (!(await executable(join(bin, host)))) throw new Error(`what was downloaded lacks ${host}`);
      if (!(await executable(join(bin, launcher)))) await writeLauncher(bin);
      log(`downloaded in ${took}`);
      return made;
    });
    return join(target, "bin");
  } catch (error) {
    log(`no download: ${error.message}`);
    return undefined;
  }
}

/** Builds the engine from the modules that Go's module proxy serves. */
async function build(target, { cache, env, log }, go) {
  await whole(cache, target, async (temporary) => {
    const bin = join(temporary, "bin");
    for (const { program, about, module, from, flags = [] } of builds) {
      const cwd = join(temporary, `module-${program}`);
      await mkdir(cwd);
      await writeFile(join(cwd, "go.mod"), module);
      log(`building ${about}`);
      const args = ["build", "-mod=mod", "-buildvcs=false", ...flags, "-o", join(bin, program), from];
      const took = await run(`building ${program}`, go, args, {
        cwd,
        env: { ...env, GOWORK: "off" },
        seconds: 1800,
        log,
      });
      log(`built ${program} in ${took}`);
      await rm(cwd, { recursive: true });
    }
    await writeLauncher(bin);
    if (!(await versionOf(join(bin, cli), env))) throw new Error("the engine was built and doesn't run");
  });
  return join(target, "bin");
}

/** Runs `work` while holding a directory as a lock. The holder keeps touching it: one that is killed loses it. */
async function locked(cache, log, work) {
  const lock = join(cache, "lock");
  await mkdir(cache, { recursive: true });
  let waiting = false;
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const touched = await stat(lock).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (touched !== undefined && Date.now() - touched > 30_000) {
      // Renamed first: of several that find it stale one succeeds.
      const stale = `${lock}-${process.pid}`;
      await rename(lock, stale).then(
        () => rm(stale, { recursive: true, force: true }),
        () => {},
      );
      continue;
    }
    if (!waiting) log("another process is getting the engine: waiting for it");
    waiting = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const touch = setInterval(() => utimes(lock, new Date(), new Date()).catch(() => {}), 5_000);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await rm(lock, { recursive: true, force: true });
  }
}

/**
 * The directory to put first on PATH for a working `pulumi`.
 *
 * @param {{ log?: (line: string) => void, env?: Record<string, string | undefined> }} options
 *   `log` gets progress line by line; `env` stands for the environment
 * @returns {Promise<string>}
 * @throws where there is none, none can be downloaded, and Go is missing or fails
 */
export async function findEngine({ log = (line) => console.error(line), env = process.env } = {}) {
  const home = env.HOME || homedir();
  const cache = env.PVE_POSTURE_CACHE || join(env.XDG_CACHE_HOME || join(home, ".cache"), "pve-posture");
  const path = (env.PATH ?? "").split(delimiter).filter(Boolean);
  const context = { cache, env, log, path };
  const built = join(cache, `pulumi-${version}`);
  const downloaded = join(cache, `pulumi-${downloadVersion}`);

  const cached = async () =>
    (await wholeEngine(join(built, "bin"), context)) ?? (await wholeEngine(join(downloaded, "bin"), context));
  for (const directory of new Set([...path, join(env.PULUMI_HOME || join(home, ".pulumi"), "bin")])) {
    const engine = await wholeEngine(directory, context);
    if (engine) return engine;
  }
  const engine = await cached();
  if (engine) return engine;

  return locked(cache, log, async () => {
    // Whoever held the lock before us may have brought it.
    const brought = await cached();
    if (brought) return brought;
    for (const broken of [built, downloaded]) await rm(broken, { recursive: true, force: true });

    const go = await lookUp("go", path);
    // A slow download beats a build only where nothing can be built.
    const fetched = await download(downloaded, context, go ? 60 : 600);
    if (fetched) return fetched;
    if (!go) {
      throw new Error(
        "There is no Pulumi engine here and none could be downloaded.\n" +
          "  Install Pulumi's command line so that `pulumi` is on PATH, or install Go 1.21 or newer: then this builds one.",
      );
    }
    return build(built, context, go);
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  findEngine().then(
    (directory) => console.log(directory),
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
