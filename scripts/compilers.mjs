#!/usr/bin/env node
/**
 * Gets the AppArmor compiler of Debian 13 (Proxmox VE 9) and that release's profiles, for tests and the bench:
 * `node scripts/compilers.mjs` prints the folder.
 *
 * apt's own client downloads the packages, with lists and state of its own, from the mirror that this machine's
 * sources name; `PVE_POSTURE_DEBIAN_MIRROR` names another. They are unpacked in the cache folder and never
 * installed, so this needs no root and changes nothing outside that folder.
 */
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const release = "trixie";
/** The compiler and its libraries, then packages for their profiles. */
const packages = ["apparmor", "libc6", "libgcc-s1", "libstdc++6", "apparmor-profiles", "apparmor-profiles-extra", "lxc", "liblxc-common"];
const keyrings = ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];

/** Where it is, or will be. */
export function compilerFolder(env = process.env) {
  const home = env.HOME || homedir();
  const cache = env.PVE_POSTURE_CACHE || join(env.XDG_CACHE_HOME || join(home, ".cache"), "pve-posture");
  return join(cache, "apparmor-4.1");
}

/** Runs a program and gives what it printed. */
function run(command, args, { seconds = 60, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    const limit = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
    let printed = "";
    let said = "";
    child.stdout.on("data", (chunk) => (printed += chunk));
    child.stderr.on("data", (chunk) => (said = (said + chunk).slice(-2000)));
    child.on("error", (error) => {
      clearTimeout(limit);
      reject(new Error(error.code === "ENOENT" ? `there is no ${command} here` : `${command}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      const why = signal ? `was ended after ${seconds} s` : `ended with ${code}`;
      if (code === 0) resolve(printed);
      else reject(new Error(`${command} ${args[0]} ${why}: ${(said || printed).trim()}`));
    });
  });
}

/** The mirror of Debian that this machine uses. */
async function mirror(env) {
  if (env.PVE_POSTURE_DEBIAN_MIRROR) return env.PVE_POSTURE_DEBIAN_MIRROR;
  const targets = await run("apt-get", ["indextargets", "--format", "$(CREATED_BY) $(LABEL) $(REPO_URI)"]);
  const found = targets
    .split("\n")
    .map((line) => line.split(" "))
    .find(([kind, label]) => kind === "Packages" && label === "Debian");
  if (found) return found[2];
  // Before the first `apt-get update` apt knows of no label.
  const named = (await run("apt-get", ["indextargets", "--format", "$(REPO_URI)"])).split("\n");
  const likely = named.find((uri) => /\/debian\/?$/.test(uri));
  if (likely) return likely;
  throw new Error("apt's sources name no mirror of Debian: set PVE_POSTURE_DEBIAN_MIRROR to one");
}

/** A configuration of apt that keeps this machine's proxies, but none of its hooks, and has its own state. */
async function privateApt(folder, env) {
  const keys = keyrings.find((path) => existsSync(path));
  const signed = keys ? `[signed-by=${keys}] ` : "";
  await writeFile(join(folder, "sources.list"), `deb ${signed}${await mirror(env)} ${release} main\n`);
  for (const part of ["state/lists/partial", "cache/archives/partial"]) await mkdir(join(folder, part), { recursive: true });
  const main = [
    ...(existsSync("/etc/apt/apt.conf") ? ['#include "/etc/apt/apt.conf";'] : []),
    ...["APT::Update::Pre-Invoke", "APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success", "DPkg"].map((hook) => `#clear ${hook};`),
    "#clear Acquire::IndexTargets::deb::DEP-11;",
    `Dir::State "${folder}/state";`,
    'Dir::State::status "/dev/null";',
    `Dir::Cache "${folder}/cache";`,
    `Dir::Etc::SourceList "${folder}/sources.list";`,
    'Dir::Etc::SourceParts "/dev/null";',
    'Acquire::Languages "none";',
    'APT::Update::Error-Mode "any";',
    // Its sandbox's user could not write into this folder.
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User "root";'] : []),
  ];
  await writeFile(join(folder, "main.conf"), `${main.join("\n")}\n`);
  // The main file is read after the parts in apt.conf.d, whose hooks it clears.
  await writeFile(join(folder, "apt.conf"), `Dir::Etc::Main "${folder}/main.conf";\n`);
  return { ...env, APT_CONFIG: join(folder, "apt.conf"), LC_ALL: "C" };
}

/** Writes a script that runs the compiler with the loader and libraries of its own release, and gives its version. */
async function wrap(folder) {
  const usr = join(folder, "usr");
  const files = (await readdir(usr, { recursive: true })).sort();
  const loader = files.find((file) => /^lib\d*\/ld-linux[^/]*\.so\.\d+$/.test(file));
  const libraries = files.find((file) => /^lib\/[^/]*-linux-gnu[^/]*$/.test(file));
  if (!loader || !libraries) throw new Error(`${usr}: there is no loader (ld-linux…) or no libraries in it`);
  const script = `#!/bin/sh
usr="\${0%/*}/usr"
exec "$usr/${loader}" --library-path "$usr/${libraries}" "$usr/sbin/apparmor_parser" --config-file "\${0%/*}/etc/apparmor/parser.conf" "$@"
`;
  const wrapper = join(folder, "apparmor_parser");
  await writeFile(wrapper, script, { mode: 0o755 });
  return /version (\S+)/.exec(await run(wrapper, ["--version"]))?.[1];
}

/**
 * Downloads packages of that release and unpacks them, as one folder, which is there as a whole or not at all.
 *
 * @param {string[]} names
 * @param {string} folder
 * @param {{ log: (line: string) => void, env?: Record<string, string | undefined>, finish?: (folder: string) => Promise<void> }} options
 *   `finish` gets the folder before it has its name
 */
export async function unpack(names, folder, { log, env = process.env, finish }) {
  if (existsSync(folder)) return;
  await mkdir(join(folder, ".."), { recursive: true });
  const temporary = await mkdtemp(join(folder, "..", "part-"));
  try {
    const apt = join(temporary, "apt");
    await mkdir(apt);
    const options = { cwd: apt, env: await privateApt(apt, env), seconds: 300 };
    log("  reading Debian's list of packages");
    await run("apt-get", ["update", "-qq"], options);
    log(`  downloading ${names.join(", ")}`);
    await run("apt-get", ["download", "-qq", ...names], options);
    const unpacked = join(temporary, "root");
    for (const file of (await readdir(apt)).filter((name) => name.endsWith(".deb"))) {
      await run("dpkg", ["-x", join(apt, file), unpacked]);
    }
    await finish?.(unpacked);
    await rename(unpacked, folder).catch((error) => {
      if (!existsSync(folder)) throw error; // else somebody else was faster, and theirs is as good
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * The folder with Debian 13's compiler (the script `apparmor_parser`) and profiles (`etc/apparmor.d`), got if needed.
 *
 * @param {{ log?: (line: string) => void, env?: Record<string, string | undefined> }} options
 * @returns {Promise<string>}
 * @throws without apt and dpkg, without a mirror of Debian, or without a way to it
 */
export async function getCompiler({ log = (line) => console.error(line), env = process.env } = {}) {
  const folder = compilerFolder(env);
  if (existsSync(folder)) return folder;
  const started = Date.now();
  log("Getting the AppArmor compiler and profiles of Debian 13, for the tests");
  const finish = async (unpacked) => {
    const version = await wrap(unpacked);
    log(`  apparmor_parser ${version} in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  };
  await unpack(packages, folder, { log, env, finish });
  return folder;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  getCompiler().then(
    (folder) => console.log(folder),
    (error) => {
      console.error(`No AppArmor compiler of Debian 13: ${error.message}`);
      console.error("The tests that need it are skipped.");
      // In CI it has to be there: skipped tests would look like passed ones.
      if (process.env.CI === "true") process.exitCode = 1;
    },
  );
}
