// Makes a clone ready for `npm run demo` and `npm test`: packages, compiled library, and for the tests what Debian has.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import process from "node:process";

const installed = "node_modules/.package-lock.json";

function run(why, command, ...args) {
  const started = Date.now();
  console.log(`${why} (${[command, ...args].join(" ")})`);
  const { status } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
  console.log(`  done in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

if (!existsSync(installed) || statSync("package-lock.json").mtimeMs > statSync(installed).mtimeMs) {
  run("Installing the packages and compiling the library", "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error");
} else {
  run("Compiling the library", "npm", "run", "--silent", "build");
}

if (process.argv.includes("--test")) {
  const wanted = { "openssh-server": "/usr/sbin/sshd", apparmor: "/usr/sbin/apparmor_parser", sudo: "/usr/bin/sudo" };
  const missing = Object.keys(wanted).filter((name) => !existsSync(wanted[name]));
  if (missing.length > 0 && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    process.env.DEBIAN_FRONTEND = "noninteractive";
    run("Updating Debian's lists of packages", "apt-get", "update", "-qq");
    run("Installing what the tests use", "apt-get", "install", "-y", "-qq", "--no-install-recommends", ...missing);
  } else if (missing.length > 0) {
    console.log(`Missing: ${missing.join(", ")}. The tests that use them are skipped; install them to run all.`);
  }
  // tests compare with both compilers: that of Proxmox VE 8, and of 9
  if (existsSync("/usr/bin/apt-get")) run("Getting the AppArmor compiler and profiles of Debian 13", "node", "scripts/compilers.mjs");
}
