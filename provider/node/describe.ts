import type { Target } from "./target";

/** A target, for people: as they named it, and where that leads if the name doesn't show it. */
export function describeTarget(target: Target): string {
  const at = `${target.host}${target.port === 22 ? "" : ` port ${target.port}`}`;
  const node = target.name === at ? `Node ${at}` : `Node "${target.name}" (${at})`;
  return target.via ? `${node} through ${target.via.name}` : node;
}
