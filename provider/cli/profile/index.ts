import type { Command } from "commander";
import { addCheck } from "./check.js";
import { addCompare } from "./compare.js";
import { addDecide } from "./decide.js";
import { addExplain } from "./explain.js";
import { addFormat } from "./format.js";

/** `pve-posture profile …` */
export function addProfile(program: Command): void {
  const profile = program.command("profile").description("check, format, compare and question AppArmor profiles").helpCommand(false);
  for (const add of [addCheck, addFormat, addCompare, addDecide, addExplain]) add(profile);
}
