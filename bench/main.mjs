/**
 * How fast profiles are parsed, next to the other parsers of this language, on the same files in the same run:
 * `npm run bench`, `npm run bench -- --write` for bench/RESULTS.md. What it needs goes to the cache folder.
 */
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { compilerFolder, getCompiler } from "../scripts/compilers.mjs";
import { profilesOf } from "./files.mjs";
import { compilerNames, languageServer, utils } from "./others.mjs";
import { run } from "./process.mjs";
import { table } from "./table.mjs";

const log = (line) => console.error(line);
const root = join(import.meta.dirname, "..");
process.chdir(root);

const cache = join(dirname(compilerFolder()), "bench");
await mkdir(cache, { recursive: true });
// Without Debian's profiles there is nothing to measure.
const debian = await getCompiler({ log });
const files = await profilesOf(debian);
const bytes = (await Promise.all(files.map((file) => stat(file)))).reduce((sum, { size }) => sum + size, 0);

/** A row, or why there is none. */
async function attempt(name, does, measure) {
  log(`Measuring ${name}`);
  try {
    return { name, does, ...(await measure()) };
  } catch (error) {
    return { name, does, why: error.message.split("\n")[0] };
  }
}

const { version } = JSON.parse(await readFile("package.json", "utf8"));
const input = files.join("\n");
const alone = "parses the file alone";
const own = JSON.parse(
  (
    await run([process.execPath, join(import.meta.dirname, "ours.mjs"), join(debian, "etc/apparmor.d")], {
      input,
    })
  ).stdout,
);
const ours = (name, what, does) => ({ name: `pve-posture ${name}`, version, does, ...own[what] });

const parsers = [
  ours("parse", "parse", `${alone}, to a tree with every character and an abstract one`),
  await attempt("apparmor_parser -N", "the profiles' names, from one process; reads includes", () =>
    compilerNames(join(debian, "apparmor_parser"), files),
  ),
  await attempt("apparmor-utils", `${alone} (\`parse_profile_data\`)`, () => utils(join(cache, "python3-apparmor"), files, log)),
  await attempt("apparmor-language-server", `${alone} (\`parse_document\`)`, () =>
    languageServer(join(cache, "language-server"), files, log),
  ),
];
const others = [
  ours("format", "format", "parses, and prints in the canonical layout"),
  ours("check", "check", "parses with all includes, and makes the compiler's checks"),
  ours("lint", "lint", "the linter alone, without the check"),
  ours("compare", "compare", "a profile with itself, in full; without the checks"),
];

const model = cpus()[0]?.model.trim() ?? "an unknown processor";
const report = `# Speed

${files.length} profiles, ${(bytes / 1e6).toFixed(2)} MB: those of Debian 13's apparmor, apparmor-profiles, apparmor-profiles-extra and lxc, and this repository's own.
${model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; Linux ${release()}, Node ${process.version}; ${new Date().toISOString().slice(0, 10)}. Each figure is the best of several rounds, on one core.

## Parsing

${table(parsers, files.length, bytes)}

## The rest of pve-posture

${table(others, files.length, bytes)}
`;
console.log(report);
if (process.argv.includes("--write")) {
  await writeFile(join(import.meta.dirname, "RESULTS.md"), report);
  log("bench/RESULTS.md written");
}
