import type { Command } from "commander";
import { addCheck } from "./check.js";
import { addShow } from "./show.js";

/** `pve-posture conf …` */
export function addConf(program: Command): void {
  const conf = program.command("conf").description("read and check the configuration of a container").helpCommand(false);
  for (const add of [addShow, addCheck]) add(conf);
}
