import { phoenixConfigs, type PhoenixConfigs } from "../../schemas/phoenix.js";
import { PostureError } from "../errors.js";
import { printIssues } from "./issues.js";
import { jsonFault } from "./json.js";

/**
 * Reads a `phoenix_lxc_configs.json`.
 *
 * @param text the file's text
 * @param file what to call the file in errors
 * @throws PostureError `invalid-input` with file, line and column of what isn't JSON, or with the paths of all
 *   properties that are wrong
 */
export function parsePhoenix(text: string, file = "phoenix_lxc_configs.json"): PhoenixConfigs {
  const json = text.replace(/^\uFEFF/, "");
  const fault = jsonFault(json);
  if (fault) throw new PostureError("invalid-input", `${file}:${position(json, fault.offset)}: ${fault.what}`);
  const result = phoenixConfigs.safeParse(JSON.parse(json));
  if (result.success) return result.data;
  const issues = printIssues(result.error.issues);
  throw new PostureError("invalid-input", `${file} can't be read:\n  ${issues.join("\n  ")}`);
}

function position(text: string, offset: number): string {
  const lines = text.slice(0, offset).split("\n");
  return `${lines.length}:${lines.at(-1)!.length + 1}`;
}
