import { fromBytes } from "../bytes.js";
import { parseEntry } from "./conf.js";
import { showsValue } from "./keys.js";

/** `hidden`: an input is a secret, so that no value may be shown. */
export type Secrecy = "hidden" | "shown";

/** A line as it may be printed or stand in an output: files are latin1 here, and what may be a secret is left out. */
export function shown(text: string, secrecy: Secrecy = "shown"): string {
  const readable = fromBytes(text);
  const entry = parseEntry(text);
  if (secrecy === "hidden") return entry ? `${entry.key}: (secret)` : "(secret)";
  return entry?.kind === "raw" && !showsValue(entry.key) ? `${entry.key}: (not shown)` : readable;
}
