import { createHmac } from "node:crypto";
import type { Answers, Request } from "./steps.js";

export const machineRequest: Request = { ask: "file", path: "/etc/machine-id" };

/** Tells whether two names mean one machine. machine-id(5) asks not to publish the id itself but a keyed hash of it. */
export function machineOf(answers: Answers): string {
  const id = answers.file("/etc/machine-id")?.trim() ?? "";
  return createHmac("sha256", "pve-posture").update(id).digest("hex").slice(0, 16);
}
