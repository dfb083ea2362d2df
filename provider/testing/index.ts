/**
 * A node to test against, inside the test's own process: an SSH server over a directory, with stand-ins for what
 * belongs to Proxmox VE and to the kernel.
 *
 * @packageDocumentation
 */
export { startNode, type EmbeddedNode, type EmbeddedNodeOptions, type NodeSettings } from "./node.js";
export { standInsFor, type ProgramOptions, type StandIns } from "./stand-ins.js";
export type { NodeFile, TreeOptions } from "./tree.js";
export { busId, gpuUuid, type NvidiaOptions } from "./nvidia-tree.js";
