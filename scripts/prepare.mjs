// Runs after `npm install` in a clone. The link: a package does not find itself by name in the engine's provider
// process, which looks for pve-posture/runtime from the example's directory.
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
const link = "node_modules/pve-posture";
mkdirSync("node_modules", { recursive: true });
if (!existsSync(link)) symlinkSync("..", link, "dir");
