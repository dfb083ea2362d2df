import { rlimits } from "../../../apparmor/names/index.js";
import type { Facts, Kept } from "./facts.js";
import { error, type Finding } from "./finding.js";
import { meant } from "./meant.js";

/** Those of getrlimit(2); `ofile` is AppArmor's. */
export const limitNames = Object.keys(rlimits).filter((name) => name !== "ofile");

/**
 * Limits that LXC can't set, at which it gives up the container's start.
 * Source: lxc.container.conf(5), `lxc.prlimit`; confile.c, `set_config_prlimit`.
 */
export const limits = ({ raw }: Facts): Finding[] =>
  raw.flatMap((line) => {
    const resource = /^lxc\.prlimit\.(.*)$/.exec(line.key)?.[1];
    if (resource === undefined || line.value === "") return [];
    if (!limitNames.includes(resource)) return [unknown(line, resource)];
    const problem = wrong(line.value);
    return problem === undefined ? [] : [invalid(line, problem)];
  });

const unknown = ({ line, key }: Kept, resource: string): Finding =>
  error(
    "unknown-limit",
    line,
    `\`${key}\`: there is no limit of this name, and LXC starts no container that sets one`,
    meant(resource, limitNames) ?? `There is ${limitNames.join(", ")}.`,
  );

const invalid = ({ line, key }: Kept, problem: string): Finding =>
  error(
    "invalid-limit",
    line,
    `\`${key}\`: ${problem}, and LXC does not start the container`,
    "Write one limit, or the soft and the hard one: `1024`, `1024:4096`, `unlimited`, `1024:unlimited`.",
  );

function wrong(value: string): string | undefined {
  const [, soft, hard = soft] = /^\s*(unlimited|[+-]?\d+)\s*(?::\s*(unlimited|[+-]?\d+)?\s*)?$/.exec(value) ?? [];
  if (soft === undefined || hard === undefined)
    return "the value is neither a number nor `unlimited`, nor two of these with a colon between";
  return numberOf(soft) > numberOf(hard) ? "the soft limit, which comes first, is above the hard one" : undefined;
}

/** -1 is read as the largest number there is, as in C. */
const numberOf = (limit: string): number => (limit === "unlimited" || limit.startsWith("-") ? Infinity : Number(limit));
