/*
 * Writes schemas/*.schema.json, for editors, from the schemas that the library checks with.
 * `npx tsx scripts/schemas.ts` writes; with `--check` it only says which differ, and exits 1 if any do.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { appArmorProfileInputs } from "../schemas/apparmor-profile.js";
import { gpuPassthroughInputs } from "../schemas/gpu-passthrough.js";
import { lxcContainerSecurityInputs } from "../schemas/lxc-container-security.js";
import { phoenixConfigs } from "../schemas/phoenix.js";

const sources: Record<string, { schema: z.ZodType; title: string }> = {
  phoenix_lxc_configs: { schema: phoenixConfigs, title: "Phoenix Hypervisor's phoenix_lxc_configs.json" },
  "apparmor-profile": { schema: appArmorProfileInputs, title: "Inputs of AppArmorProfile" },
  "lxc-container-security": { schema: lxcContainerSecurityInputs, title: "Inputs of LxcContainerSecurity" },
  "gpu-passthrough": { schema: gpuPassthroughInputs, title: "Inputs of GpuPassthrough" },
};

/** The files' texts by name. */
export function jsonSchemas(): Map<string, string> {
  return new Map(
    Object.entries(sources).map(([name, { schema, title }]) => {
      // Draft 7 is what editors know best.
      const { $schema, ...rest } = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
      const description = "Generated. The library checks more than a JSON schema can say.";
      return [`${name}.schema.json`, `${JSON.stringify({ $schema, title, description, ...rest }, undefined, 2)}\n`];
    }),
  );
}

/** The names of the files in `directory` that are not what they should be. */
export const outdated = (directory: string): string[] =>
  [...jsonSchemas()]
    .filter(([name, text]) => !existsSync(join(directory, name)) || readFileSync(join(directory, name), "utf8") !== text)
    .map(([name]) => name);

if (require.main === module) {
  const directory = join(__dirname, "..", "schemas");
  const names = outdated(directory);
  const check = process.argv.includes("--check");
  if (!check) for (const name of names) writeFileSync(join(directory, name), jsonSchemas().get(name)!);
  for (const name of names) console.log(`schemas/${name}: ${check ? "out of date, run `npx tsx scripts/schemas.ts`" : "written"}`);
  if (check && names.length > 0) process.exitCode = 1;
}
