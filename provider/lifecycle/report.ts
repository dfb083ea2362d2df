import { shown, type Secrecy } from "../container/shown.js";
import type { Plan } from "../plan/kind.js";

/** Where the operator reads: the engine passes on what the provider's process prints. */
export const say = (text: string): void => console.log(printable(text));
export const warn = (text: string): void => say(`warning: ${text}`);

/** A node must not be able to write control sequences to the operator's terminal. */
const printable = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "?");

/** A plan as a difference by file. */
export function renderChanges(changes: Plan<unknown>["changes"], secrecy: Secrecy): string[] {
  return changes.flatMap(({ path, lines }) => [path, ...lines.map(({ sign, text }) => `  ${sign} ${shown(text, secrecy)}`)]);
}
