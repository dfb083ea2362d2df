// Our own figures, in a process of their own: `node ours.mjs INCLUDES < names`. Standard output: JSON.
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { check } from "../../dist/provider/apparmor/check/index.js";
import { lint } from "../../dist/provider/apparmor/lint/index.js";
import { compareFiles } from "../../dist/provider/apparmor/policy/index.js";
import { format } from "../../dist/provider/apparmor/print/index.js";
import { parse } from "../../dist/provider/apparmor/syntax/index.js";
import { includesFrom } from "../../dist/provider/cli/includes.js";

const names = readFileSync(0, "utf8").split("\n").filter(Boolean);
const files = names.map((file) => ({ file, text: readFileSync(file, "utf8") }));
const include = includesFrom([process.argv[2]]);

/** Rounds over all files for two seconds; the best one counts, as for the others. */
function measure(work) {
  let best = Infinity;
  let total = 0;
  let refused = 0;
  for (let round = 0; round < 2 || total < 2; round++) {
    const started = performance.now();
    refused = files.filter((file) => !work(file)).length;
    const seconds = (performance.now() - started) / 1000;
    best = Math.min(best, seconds);
    total += seconds;
  }
  return { seconds: best, refused };
}

const checked = new Map();
const figures = {
  parse: measure(({ file, text }) => parse(text, { file }).errors.length === 0),
  format: measure(({ file, text }) => format(text, { file }).errors.length === 0),
  check: measure(({ file, text }) => {
    const result = check(text, { file, include });
    checked.set(file, result.resolved);
    return result.diagnostics.every(({ severity }) => severity !== "error");
  }),
  lint: measure(({ file }) => lint(checked.get(file)) !== undefined),
  // With itself, so that all of it has to be looked at.
  compare: measure(({ file }) => compareFiles(checked.get(file), checked.get(file)) !== undefined),
};
console.log(JSON.stringify(figures));
