export { parsePhoenix } from "./parse.js";
export { phoenixContainer, type PhoenixOptions, type PhoenixPosture } from "./container.js";
export { reportPhoenix, type PhoenixReport } from "./report.js";
export type { PhoenixConfigs } from "../../schemas/phoenix.js";
