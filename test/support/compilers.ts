import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Language } from "../../provider/apparmor/language.js";

/**
 * An AppArmor compiler as an oracle. At most two of its processes run at once, whatever is asked for together, so
 * `await Promise.all(texts.map((text) => compiler.policy(text)))` is fine.
 */
export interface Compiler {
  /** the language that it decides about: `4.1` */
  language: Language;
  /** `4.1.0` */
  version: string;
  /** the directory with the profiles of its Debian release (`/etc/apparmor.d`), the default place for includes */
  profiles: string;
  /** Whether it accepts a text, and what it says if it doesn't. `"x"` includes are found from `cwd` (default: the test's own). */
  check(text: string, includes?: string, cwd?: string): Promise<{ valid: boolean; said: string }>;
  /**
   * SHA-256 of the policy that it makes of a text for a kernel that mediates everything, whatever `abi` the text
   * asks for; undefined when it refuses the text.
   */
  policy(text: string, includes?: string, cwd?: string): Promise<string | undefined>;
}

const features = resolve(__dirname, "../fixtures/apparmor/features");
const cache = process.env.PVE_POSTURE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pve-posture");
const places = [
  ...["/usr/sbin", "/sbin"].map((directory) => ({
    program: join(directory, "apparmor_parser"),
    profiles: "/etc/apparmor.d",
  })),
  {
    program: join(cache, "apparmor-4.1/apparmor_parser"),
    profiles: join(cache, "apparmor-4.1/etc/apparmor.d"),
  },
];

const waiting: (() => void)[] = [];
let free = 2;

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await new Promise<void>((go) => waiting.push(go));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}

interface Ended {
  code: number | null;
  said: string;
  sha256: string;
}

const run = (program: string, args: string[], text: string, cwd?: string): Promise<Ended> =>
  new Promise((done, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, LC_ALL: "C" } });
    const hash = createHash("sha256");
    let said = "";
    child.stdout.on("data", (chunk) => hash.update(chunk));
    child.stderr.on("data", (chunk) => (said += chunk));
    child.on("error", reject);
    child.on("close", (code) => done({ code, said, sha256: hash.digest("hex") }));
    // It stops reading at the first error.
    child.stdin.on("error", () => {});
    child.stdin.end(text);
  });

function open({ program, profiles }: (typeof places)[number]): Compiler | undefined {
  const version = existsSync(program) && /version (\S+)/.exec(spawnSync(program, ["--version"]).stdout?.toString() ?? "")?.[1];
  if (!version) return undefined;
  const language: Language = version.startsWith("3.") ? "3.0" : version.startsWith("4.") ? "4.1" : "5.0";
  const base = ["--quiet", "--skip-cache", "--skip-kernel-load"];
  const full = ["--stdout", "--features-file", features, "--override-policy-abi", features];
  return {
    language,
    version,
    profiles,
    async check(text, includes = profiles, cwd) {
      const { code, said } = await inTurn(() => run(program, [...base, "--base", includes], text, cwd));
      // On a kernel without AppArmor it says so each time.
      return { valid: code === 0, said: said.replace(/^Cache read\/write disabled:.*\n/m, "").trim() };
    },
    async policy(text, includes = profiles, cwd) {
      const { code, sha256 } = await inTurn(() => run(program, [...base, ...full, "--base", includes], text, cwd));
      return code === 0 ? sha256 : undefined;
    },
  };
}

let found: Compiler[] | undefined;

/** The compilers on this machine, oldest first, one for each version. `node scripts/compilers.mjs` gets Debian 13's. */
export function compilers(): Compiler[] {
  found ??= places
    .map(open)
    .filter((compiler) => compiler !== undefined)
    .filter((compiler, at, all) => all.findIndex(({ version }) => version === compiler.version) === at)
    .sort((a, b) => a.version.localeCompare(b.version));
  return found;
}

/**
 * The compiler for a language. Where there is none, `this.skip()`: in a `before` hook or in the test. In CI that is an error.
 *
 * @example
 * before(function () {
 *   compiler = compilerFor("4.1", this);
 * });
 */
export function compilerFor(language: Language, test: Mocha.Context): Compiler {
  const compiler = compilers().find((one) => one.language === language);
  if (compiler) return compiler;
  const why = `no apparmor_parser ${language} on this machine: node scripts/compilers.mjs`;
  if (process.env.CI === "true") throw new Error(why);
  console.log(`      skipped: ${why}`);
  return test.skip();
}

/** A directory with these files, for `includes`. It is removed at the end of the process. */
export function includeRoot(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "pve-posture-includes-"));
  process.once("exit", () => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
