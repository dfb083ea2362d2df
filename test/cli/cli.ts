import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const main = resolve(__dirname, "../../provider/cli/main.ts");
const tsx = require.resolve("tsx/cjs");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `pve-posture` as a process, in a directory and with something on its standard input. */
export const pvePosture = (
  args: string[],
  { input = "", cwd, env = {} }: { input?: string | Buffer; cwd?: string; env?: Record<string, string> } = {},
) =>
  new Promise<Ended>((done, reject) => {
    const child = spawn(process.execPath, ["-r", tsx, main, ...args], {
      cwd,
      env: { ...process.env, ...env },
    });
    const ended: Ended = { code: null, stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => (ended.stdout += chunk));
    child.stderr.on("data", (chunk) => (ended.stderr += chunk));
    child.on("error", reject);
    child.on("close", (code) => done({ ...ended, code }));
    child.stdin.on("error", () => {}); // it may end before it has read all
    child.stdin.end(input);
  });

/** The command line that runs it, for a shell. */
export const shellCommand = [process.execPath, "-r", tsx, main].map((part) => `'${part}'`).join(" ");

/** A directory with these files, until `remove`. */
export function folder(files: Record<string, string | Buffer>): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "pve-posture-cli-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The objects of JSON Lines. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into what is printed
export const jsonl = (text: string): any[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
