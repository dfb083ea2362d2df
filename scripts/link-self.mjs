// A package does not find itself by name in the engine's provider process: in a clone it needs a link to itself.
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
const link = "node_modules/pve-posture";
mkdirSync("node_modules", { recursive: true });
if (!existsSync(link)) symlinkSync("..", link, "dir");
