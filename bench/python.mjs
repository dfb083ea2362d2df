// Tools from PyPI, each in a virtual environment of its own in the cache folder.
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./process.mjs";

/**
 * Installs a package where it is missing.
 *
 * @param {string} folder where the environment stands, or will
 * @param {string} name the package's
 * @param {(line: string) => void} log
 * @returns {Promise<string>} the environment's Python; call modules with it, since the scripts of a moved environment
 *   know its old place
 */
export async function pythonWith(folder, name, log) {
  if (!existsSync(folder)) {
    log(`Installing ${name} from PyPI`);
    const temporary = await mkdtemp(`${folder}-part-`);
    try {
      await run(["python3", "-m", "venv", temporary]);
      await run([join(temporary, "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", name]);
      await rename(temporary, folder);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
  return join(folder, "bin/python");
}
