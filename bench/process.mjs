import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";

/**
 * Runs a program to its end.
 *
 * @param {string[]} command
 * @param {{ input?: string, env?: Record<string, string>, cwd?: string, allowed?: number[] }} options
 *   `allowed` exit codes that are no failure
 * @returns {Promise<{ stdout: string, stderr: string, seconds: number }>}
 */
export const run = ([command, ...args], { input = "", env = {}, cwd, allowed = [0] } = {}) =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { cwd, env: { ...process.env, LC_ALL: "C.UTF-8", ...env } });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      const seconds = (performance.now() - started) / 1000;
      if (allowed.includes(code)) resolve({ stdout, stderr, seconds });
      else reject(new Error(`${command} ended with ${code}: ${stderr.trim().split("\n").at(-1)}`));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
