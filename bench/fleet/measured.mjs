import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** No command of a fleet of a few hundred containers takes this long; what hangs shall end. */
const timeout = 3 * 3600_000;

/**
 * Runs a command and measures it with all its descendants, of which none is left afterwards.
 *
 * @param {string[]} command
 * @param {{ directory: string, signal: AbortSignal, cwd?: string, env?: Record<string, string>, started?: (pid: number) => void }} options
 *   `directory` for its figures; `signal` ends it; `started` is told the number of a process above all others
 * @returns {Promise<{ wall: number, user: number, system: number }>} seconds
 */
export async function measured(command, { directory, signal, cwd, env = {}, started }) {
  const figures = join(directory, "figures.json");
  const child = spawn("python3", [join(import.meta.dirname, "measured.py"), figures, ...command], {
    cwd,
    env: { ...process.env, LC_ALL: "C.UTF-8", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches us, and we end it in order.
    detached: true,
    signal,
    timeout,
  });
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (chunk) => (output = (output + chunk).slice(-100_000)));
  let failed;
  child.on("error", (error) => (failed = error));
  if (child.pid !== undefined) started?.(child.pid);
  const code = await new Promise((done) => child.on("close", done));
  if (failed) throw failed;
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${telling(output)}`);
  return JSON.parse(await readFile(figures, "utf8"));
}

/** The line of an output that says best why a command failed. */
function telling(output) {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const line = lines.find((one) => /\b(error|fatal|failed)\b.*\w{4}/i.test(one)) ?? lines.at(-1) ?? "it said nothing";
  return line.slice(0, 300);
}
