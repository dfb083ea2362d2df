import type { Statement } from "../ast.js";
import type { ResolvedProfile } from "../resolve/types.js";

/** Whether a profile looks like one that lxc-start puts a container into. */
export function isContainerProfile({ profile, attachment, name, hat }: ResolvedProfile): boolean {
  if (hat || attachment || name.startsWith("/")) return false;
  return /^lxc[-_]/.test(name) || includesBase(profile.body);
}

function includesBase(body: readonly Statement[]): boolean {
  return body.some((statement) => statement.kind === "include" && /(^|\/)abstractions\/lxc\/container-base$/.test(statement.path.value));
}
