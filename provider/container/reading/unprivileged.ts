import type { Line } from "../lines.js";
import { readLine } from "./grammar.js";
import { checkProperty } from "./properties.js";

/**
 * Whether ids are mapped: by `unprivileged`, in whatever way it says yes, or by `lxc.idmap`, whatever `unprivileged` says.
 * Perl takes any text but "0" for true, that of a boolean which is none as well.
 * Source: pve-container, `PVE::LXC::update_lxc_config`.
 *
 * @param main the lines of the main section
 */
export function isUnprivileged(main: readonly Line[]): boolean {
  const read = main.map(({ text }) => readLine(text));
  const declared = read.findLast((line) => line.kind === "property" && line.key === "unprivileged");
  const says = declared?.kind === "property" ? checkProperty("unprivileged", declared.value).value : 0;
  return says !== 0 || read.some((line) => line.kind === "raw" && line.key === "lxc.idmap");
}
