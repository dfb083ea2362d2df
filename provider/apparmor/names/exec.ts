import type { ExecMode, FileRule } from "../ast.js";

/** Every way to say what an executed program runs under, in the usual spelling; `x` is for deny rules. */
export const execModes = [
  "x", "ix", "ux", "Ux", "px", "Px", "cx", "Cx", "pix", "Pix", "cix", "Cix", "pux", "PUx", "cux", "CUx",
] as const satisfies readonly ExecMode[];

const usual: ReadonlyMap<string, ExecMode> = new Map(execModes.map((mode) => [mode.toLowerCase() + scrubs(mode), mode]));

/** The first letter alone says whether the environment is scrubbed: `Pux` is `PUx`, `pUx` is `pux`. */
function scrubs(mode: string): string {
  return /^[PCU]/.test(mode) ? "!" : "";
}

/** Whether a rule's `x` says nothing of how the program runs: `unsafe` does. */
export function isBareExec({ exec, environment }: Pick<FileRule, "exec" | "environment">): boolean {
  return exec === "x" && environment !== "unsafe";
}

/** The usual spelling of an exec mode written in whatever case, `undefined` when it is none. */
export function execMode(text: string): ExecMode | undefined {
  return usual.get(text.toLowerCase() + scrubs(text));
}
