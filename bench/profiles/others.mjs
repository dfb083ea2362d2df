// The other parsers. Each gets the same files, and is installed in the cache folder where it is missing.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { unpack } from "../../scripts/compilers.mjs";
import { run } from "../process.mjs";
import { pythonWith } from "../python.mjs";

const tool = (name) => join(import.meta.dirname, "tools", name);
// Nothing of a run stays in the repository.
const env = { PYTHONDONTWRITEBYTECODE: "1" };

/** The names of the profiles in all files, from one process; its time has the start of the process in it. */
export async function compilerNames(program, files) {
  const version = /version (\S+)/.exec((await run([program, "--version"])).stdout)?.[1];
  const base = join(dirname(program), "etc/apparmor.d");
  const command = [
    program,
    "--names",
    "--skip-kernel-load",
    "--skip-cache",
    "--base",
    existsSync(base) ? base : "/etc/apparmor.d",
    "--jobs=1",
    ...files,
  ];
  const runs = [];
  // It goes on after a file that it refuses, and says so at the end.
  for (let round = 0; round < 5; round++) runs.push(await run(command, { allowed: [0, 1] }));
  const refused = new Set([...runs[0].stderr.matchAll(/^AppArmor parser error for (\S+)/gm)].map(([, file]) => file)).size;
  return { version, seconds: Math.min(...runs.map(({ seconds }) => seconds)), refused };
}

async function packageVersion(folder, name) {
  const changes = join(folder, "usr/share/doc", name, "changelog.Debian.gz");
  const { stdout } = await run(["gzip", "-dc", changes]);
  return /\((?:\d+:)?([^)-]+)/.exec(stdout)?.[1];
}

export async function utils(folder, files, log) {
  if (!existsSync(folder)) log("Getting apparmor-utils' modules (python3-apparmor of Debian 13)");
  await unpack(["python3-apparmor"], folder, { log });
  const version = await packageVersion(folder, "python3-apparmor");
  const command = ["python3", tool("utils.py"), join(folder, "usr/lib/python3/dist-packages"), version];
  return JSON.parse((await run(command, { input: files.join("\n"), env })).stdout);
}

export async function languageServer(folder, files, log) {
  const python = await pythonWith(folder, "apparmor-language-server", log);
  return JSON.parse((await run([python, tool("language_server.py")], { input: files.join("\n"), env })).stdout);
}
