import { project } from "../engine.mjs";

/** As many resources that do nothing: what the engine takes by itself. */
export const floor = {
  key: "floor",
  name: "the engine's floor",
  prepare: ({ directory, containers, log }) => project(directory, { program: "floor.cjs", containers, log }),
  // nothing of it reaches the node
  idle: true,
};
