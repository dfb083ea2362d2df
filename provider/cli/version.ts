import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(require.resolve("pve-posture/package.json"), "utf8")) as {
  version: string;
};

/** Of this package. */
export const version = manifest.version;
