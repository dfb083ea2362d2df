import { createHmac } from "node:crypto";
import type { Answers, Request } from "./steps.js";

const paths = ["/etc/machine-id", "/etc/hostname"];

export const machineRequests: Request[] = paths.map((path) => ({ ask: "file", path }));

/**
 * Tells whether two names mean one machine; empty where that can't be told. machine-id(5) asks not to publish the id
 * itself but a keyed hash of it. The host's name is in it because cloned machines often share their id.
 */
export function machineOf(answers: Answers): string {
  const [id, name] = paths.map((path) => answers.file(path)?.trim() ?? "");
  if (!id) return "";
  return createHmac("sha256", "pve-posture").update(`${id} ${name}`).digest("hex").slice(0, 16);
}

/** The node's name within its cluster. */
export const hostnameOf = (answers: Answers): string => answers.file("/etc/hostname")?.trim() ?? "";
