/**
 * How it compares: the parsing of profiles, and a fleet of containers. `npm run bench -- --help`; see README.md.
 * What it needs goes to the cache folder.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { Argument, InvalidArgumentError, Option, program } from "commander";
import { Data } from "./data.mjs";
import { measureFleet, parts, usualParts } from "./fleet/measure.mjs";
import { measureProfiles } from "./profiles/measure.mjs";
import { report } from "./report.mjs";

const log = (line) => console.error(line);
const number = (least) => (text) => {
  if (!/^\d+$/.test(text) || Number(text) < least)
    throw new InvalidArgumentError(`It has to be a whole number from ${least} on.`);
  return Number(text);
};
const list = (parse) => (text) => text.split(",").map((word) => parse(word.trim()));
const part = (text) => {
  if (!parts.includes(text)) throw new InvalidArgumentError(`It has to be of ${parts.join(", ")}.`);
  return text;
};

program
  .name("npm run bench --")
  .description("Measures the library beside others.")
  .addArgument(
    new Argument("[what]", "what is measured; without it both; `report` measures nothing").choices([
      "profiles",
      "fleet",
      "report",
    ]),
  )
  .option(
    "--json <file>",
    "keep the figures in this file, beside those of other parts that it has (with --write: bench/results.json)",
  )
  .option("--write", "write bench/RESULTS.md")
  .option("--containers <number>", "containers of the fleet", number(1), 100)
  .addOption(new Option("--latency <ms,…>", "added to a round trip").argParser(list(number(0))).default([0, 20, 100], "0,20,100"))
  .addOption(
    new Option("--only <part,…>", `of the fleet: ${parts.join(", ")}`)
      .argParser(list(part))
      .default(usualParts, usualParts.join()),
  )
  .option("--rounds <number>", "rounds of which the best counts, for pve-posture and the floor", number(1), 3)
  .option("--memory <number>", "containers with which memory is measured", number(1), 1000)
  .parse();
const { json, write, containers, latency: latencies, only, rounds, memory } = program.opts();
const what = program.args[0];

const interruption = new AbortController();
const { signal } = interruption;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(name, () => {
    log("Ending what runs");
    interruption.abort(new Error("interrupted"));
  });
}

async function main() {
  // relative to where npm was called
  const given = json && resolve(process.env.INIT_CWD ?? ".", json);
  const root = join(import.meta.dirname, "..");
  process.chdir(root);
  const file = given ?? (write ? join(import.meta.dirname, "results.json") : undefined);
  if (what === "report" && !file) throw new Error("report prints what a file has: name it with --json, or give --write.");
  const { version } = JSON.parse(await readFile("package.json", "utf8"));
  const [profiles, fleet] = ["profiles", "fleet"].map((part) => what === undefined || what === part);
  const data = await Data.open(file, { measuring: profiles || fleet, ...(fleet && { containers }) });

  if (profiles) await data.setProfiles(await measureProfiles({ version, signal, log }));
  if (fleet) {
    const save = (news) => data.addFleet(news);
    await measureFleet({ containers, latencies, only, rounds, memory, version, signal, log, save });
  }

  const text = report(data.value);
  console.log(text);
  if (write) {
    const results = join(import.meta.dirname, "RESULTS.md");
    await writeFile(results, text);
    log(`${relative(root, results)} written`);
  }
}

main().catch((error) => {
  log(signal.aborted ? "Interrupted: what ran is ended" : error.message);
  process.exitCode = signal.aborted ? 130 : 1;
});
