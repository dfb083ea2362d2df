// How fast profiles are parsed, next to the other parsers of this language, on the same files in the same run.
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compilerFolder, getCompiler } from "../../scripts/compilers.mjs";
import { run } from "../process.mjs";
import { profilesOf } from "./files.mjs";
import { compilerNames, languageServer, utils } from "./others.mjs";

/**
 * @param {{ version: string, signal: AbortSignal, log: (line: string) => void }} context the library's version; what ends
 *   it; progress
 * @returns the data of this part
 */
export async function measureProfiles({ version, signal, log }) {
  const cache = join(dirname(compilerFolder()), "bench");
  await mkdir(cache, { recursive: true });
  // Without Debian's profiles there is nothing to measure.
  const debian = await getCompiler({ log });
  const files = await profilesOf(debian);
  const bytes = (await Promise.all(files.map((file) => stat(file)))).reduce((sum, { size }) => sum + size, 0);

  /** A row, or why there is none. */
  async function attempt(name, does, measure) {
    signal.throwIfAborted();
    log(`Measuring ${name}`);
    try {
      return { name, does, ...(await measure()) };
    } catch (error) {
      return { name, does, why: error.message.split("\n")[0] };
    }
  }

  log("Measuring pve-posture");
  const command = [process.execPath, join(import.meta.dirname, "ours.mjs"), join(debian, "etc/apparmor.d")];
  const own = JSON.parse((await run(command, { input: files.join("\n") })).stdout);
  const ours = (name, does) => ({ name: `pve-posture ${name}`, version, does, ...own[name] });
  const alone = "parses the file alone";

  return {
    files: files.length,
    bytes,
    parsers: [
      ours("parse", `${alone}, to a tree with every character and an abstract one`),
      await attempt("apparmor_parser -N", "the profiles' names, from one process; reads includes", () =>
        compilerNames(join(debian, "apparmor_parser"), files),
      ),
      await attempt("apparmor-utils", `${alone} (\`parse_profile_data\`)`, () =>
        utils(join(cache, "python3-apparmor"), files, log),
      ),
      await attempt("apparmor-language-server", `${alone} (\`parse_document\`)`, () =>
        languageServer(join(cache, "language-server"), files, log),
      ),
    ],
    rest: [
      ours("format", "parses, and prints in the canonical layout"),
      ours("check", "parses with all includes, and makes the compiler's checks"),
      ours("lint", "the linter alone, without the check"),
      ours("compare", "a profile with itself, in full; without the checks"),
    ],
  };
}
