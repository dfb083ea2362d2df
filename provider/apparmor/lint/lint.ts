import { LimitError } from "../policy/index.js";
import type { Resolved, ResolvedProfile } from "../resolve/types.js";
import { noAudit } from "./audit.js";
import { allCapabilities, dangerousCapability } from "./capabilities.js";
import { containerBoot, containerName } from "./containers.js";
import { contextOf, type Check, type Context } from "./context.js";
import { deviceGlob } from "./devices.js";
import { fileUnrestricted } from "./files.js";
import { kernelInterfaces, kernelMemory } from "./kernel.js";
import { complainMode, denyInComplain, unconfinedProfile } from "./mode.js";
import { bareMount } from "./mount.js";
import { networkUnrestricted, rawSocket } from "./network.js";
import { redundant } from "./redundant.js";
import { shadowedExec } from "./shadowed.js";
import { wholeShare } from "./shares.js";
import { runtimeSocket } from "./sockets.js";
import { changeProfileUnconfined, unconfinedExec } from "./transitions.js";
import type { Finding, LintOptions } from "./types.js";

const checks: readonly Check[] = [
  containerName,
  containerBoot,
  complainMode,
  denyInComplain,
  noAudit,
  wholeShare,
  fileUnrestricted,
  networkUnrestricted,
  rawSocket,
  allCapabilities,
  dangerousCapability,
  bareMount,
  changeProfileUnconfined,
  unconfinedExec,
  kernelMemory,
  kernelInterfaces,
  runtimeSocket,
  deviceGlob,
  redundant,
  shadowedExec,
];

/**
 * What is wrong with the profiles of a resolved text although it compiles, hats and children included.
 *
 * Of a profile with `flags=(unconfined)` that is all that is said. For a text with errors it tells what it can.
 *
 * @returns in the order of the text, each with its place, the reason, what to do and, where a program can do it, a fix
 */
export function lint(resolved: Resolved, options: LintOptions = {}): Finding[] {
  const found: Finding[] = [];
  const visit = (profile: ResolvedProfile): void => {
    const context = contextOf(resolved, profile, options);
    const unconfined = unconfinedProfile(context);
    found.push(...(unconfined.length > 0 ? unconfined : checks.flatMap((check) => withinLimits(check, context))));
    profile.children.forEach(visit);
  };
  // An included file with profiles is linted as itself.
  resolved.profiles.filter(({ document }) => document === resolved.documents[0]).forEach(visit);
  return inOrder(resolved, onePerPlace(found));
}

/** A policy too large for an automaton is not judged by what needs one. */
function withinLimits(check: Check, context: Context): Finding[] {
  try {
    return check(context);
  } catch (error) {
    if (error instanceof LimitError) return [];
    throw error;
  }
}

/** The first of two with the same code at the same place. */
function onePerPlace(found: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return found.filter(({ code, file, span, message }) => {
    const key = `${code === "shadowed-rule" ? code : message} ${span.start} ${file}`;
    return !seen.has(key) && seen.add(key);
  });
}

function inOrder({ documents }: Resolved, found: readonly Finding[]): Finding[] {
  const files = new Map(documents.map(({ file }, at) => [file, at]));
  const place = ({ file }: Finding): number => files.get(file) ?? 0;
  return [...found].sort((a, b) => place(a) - place(b) || a.span.start - b.span.start);
}
