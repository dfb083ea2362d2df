// The node's scripts are no TypeScript: the compiler leaves them behind.
import { cpSync } from "node:fs";
cpSync("provider/node/scripts", "dist/provider/node/scripts", { recursive: true });
