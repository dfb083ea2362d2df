/*
 * `npx tsx test/phoenix/report.ts [FILE…]`: what would be applied to each container of each file, or why not.
 * Without files it reads Phoenix's own ones, where a checkout has them beside it. Exits 1 if a file can't be read.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { firewallLines } from "../../provider/container/firewall.js";
import { postureLines } from "../../provider/container/posture.js";
import { parsePhoenix, reportPhoenix, type PhoenixPosture } from "../../provider/phoenix/index.js";

const root = resolve(__dirname, "../..");
const corpus = join(root, "../shared/corpus/phoenix");

/** Phoenix's own files; none where the checkout has no corpus beside it. */
export const realFiles = (): string[] =>
  existsSync(corpus)
    ? readdirSync(corpus).filter((name) => /^phoenix_lxc_configs\.\d.*\.json$/.test(name)).sort().map((name) => join(corpus, name))
    : [];

/** What a file comes to, line by line. */
export function report(file: string): string[] {
  const containers = reportPhoenix(parsePhoenix(readFileSync(file, "utf8"), relative(root, file)), { node: "pve" });
  const applied = containers.filter(({ posture }) => posture).length;
  // Most notes hold for many containers: each is written out once, at the end.
  const notes = [...new Set(containers.flatMap(({ posture }) => posture?.notes ?? []))];
  const numbers = (mine: string[]) => mine.map((note) => `[${notes.indexOf(note) + 1}]`).join(" ");
  return [
    `${relative(root, file)}: ${applied} of ${containers.length} containers can be applied`,
    ...containers.flatMap(({ vmid, name, posture, problem }) => [
      `  ${vmid} ${name} ${numbers(posture?.notes ?? [])}`.trimEnd(),
      ...(posture ? print(posture) : [`can't be applied: ${problem?.replaceAll("\n", "\n      ")}`]).map((line) => `    ${line}`),
    ]),
    ...notes.map((note, index) => `  [${index + 1}] ${note}`),
  ];
}

function print({ profile, security, gpu }: PhoenixPosture): string[] {
  return [
    ...(profile ? [`profile ${profile.name}`] : []),
    ...postureLines(security),
    ...firewallLines(security.firewall ?? {}).map((line) => `firewall ${line}`),
    ...(gpu ? [`GPUs ${[gpu.gpus].flat().join(", ")}`] : []),
  ];
}

if (require.main === module) {
  const asked = process.argv.slice(2);
  const files = asked.length > 0 ? asked.map((file) => resolve(file)) : realFiles();
  if (files.length === 0) console.log(`skipped: there is no ${relative(root, corpus)} here`);
  for (const file of files) {
    try {
      console.log(report(file).join("\n"));
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    }
  }
}
