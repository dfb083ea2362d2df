import { shown, type Secrecy } from "../container/shown.js";
import type { Plan } from "../plan/kind.js";
import { printable } from "../printable.js";

/** Where the operator reads: the engine passes on what the provider's process prints. */
export const say = (text: string): void => console.log(printable(text));
export const warn = (text: string): void => say(`warning: ${text}`);

/** A plan as a difference by file. */
export function renderChanges(changes: Plan<unknown>["changes"], secrecy: Secrecy): string[] {
  return changes.flatMap(({ path, lines }) => [path, ...lines.map(({ sign, text }) => `  ${sign} ${shown(text, secrecy)}`)]);
}
