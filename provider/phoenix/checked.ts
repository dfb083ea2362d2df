import type { z } from "zod";
import { printIssues } from "./issues.js";
import type { Reading } from "./reading.js";

/** Where in the file an input comes from, for errors that the resources' own schemas find. */
const origins: Record<string, string> = {
  name: "apparmor_profile",
  profile: "apparmor_profile",
  apparmorProfile: "apparmor_profile or lxc_options",
  idmap: "id_maps or lxc_options",
  features: "pct_options",
  firewall: "firewall",
  gpus: "gpu_assignment",
  vmid: "lxc_configs",
  node: "options",
};

/** The inputs as the resource's schema passes them; what it refuses becomes problems of the reading. */
export function checked<T>(part: string, schema: z.ZodType<T>, inputs: unknown, reading: Reading): T {
  const result = schema.safeParse(inputs);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const [field] = issue.path;
    const origin = field === undefined ? "lxc_options" : (origins[String(field)] ?? "lxc_options");
    const [text = ""] = printIssues([{ ...issue, path: [part, ...issue.path] }]);
    const [, path = part, what = text] = /^([^:]*): (.*)$/s.exec(text) ?? [];
    reading.problem(`${path} (from ${origin})`, what);
  }
  return inputs as T;
}
