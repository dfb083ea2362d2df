import { bytesOf, reachable } from "../glob/index.js";
import { lookUp, ownAutomaton, rulesBehind } from "./automata.js";
import { and } from "./automaton.js";
import { linkBit, ownerMask } from "./bits.js";
import { combine, transitionBits } from "./effective.js";
import { outcomeOf } from "./mode.js";
import { queriesOf, type Query } from "./query.js";
import type { Access, Decision, Policy } from "./types.js";

/**
 * What the kernel would do with an access of a task under this profile.
 *
 * In complain mode only what a deny rule silences is refused; asked for together with anything else that is not allowed,
 * it is allowed too, and all of it logged. A link without `target` is allowed when it may point to anything at all.
 *
 * @throws LimitError
 */
export function decide(policy: Policy, access: Access): Decision {
  if (access.class === "rlimit") return decideLimit(policy, access);
  const parts = queriesOf(access).map((query) => answer(policy, query));
  if (access.class === "file" && access.permissions.includes("l") && access.target !== undefined)
    parts.push(subset(policy, access.path, access.target, access.owner ?? true));
  const refused = parts.filter(({ allowed }) => !allowed);
  const deciding =
    refused.length === 0
      ? parts
      : refused.some(({ denial }) => denial === "explicit")
        ? refused.filter(({ denial }) => denial === "explicit")
        : refused;
  const transition = refused.length === 0 ? parts.find((part) => part.transition !== undefined)?.transition : undefined;
  return {
    allowed: refused.length === 0,
    audited: (refused.length === 0 ? parts : refused).some(({ audited }) => audited),
    ...(refused.length > 0 ? { denial: deciding[0]!.denial ?? "implicit" } : {}),
    ...(transition === undefined ? {} : { transition }),
    rules: [...new Set(deciding.flatMap(({ rules }) => rules))],
  };
}

function answer(policy: Policy, query: Query): Decision {
  const { table, bits } = query;
  const bytes = table === "link" && query.bytes.endsWith("\0") ? (someTarget(policy, query) ?? query.bytes) : query.bytes;
  const { effective, clauses } = lookUp(policy, table, bytes);
  const outcome = outcomeOf(policy.mode, effective, table);
  const missing = bits & outcome.complained ? 0 : bits & ~outcome.allowed;
  const audited = ((missing || bits) & outcome.logged) !== 0;
  if (missing) {
    const explicit = missing & (effective.denied | effective.prompted);
    return {
      allowed: false,
      audited,
      denial: explicit ? "explicit" : "implicit",
      rules: explicit ? rulesBehind(clauses, explicit, explicit & effective.denied ? "deny" : "prompt") : [],
    };
  }
  const which = transitionBits(table).findIndex((bit) => bits & bit & effective.allowed);
  const transition = which >= 0 ? outcome.transitions[which] : undefined;
  const rules = rulesBehind(clauses, bits & effective.allowed, "allow");
  return { allowed: true, audited, ...(transition === undefined ? {} : { transition }), rules };
}

/** A target that a link of this name may point to, as a whole string. */
function someTarget(policy: Policy, { bytes, bits }: Query): string | undefined {
  const clauses = policy.tables.get("link") ?? [];
  const { fields, clausesOf } = ownAutomaton(policy, "link");
  const [links, targets] = fields;
  const named = links!.acceptedBy(links!.dfa.run(bytes.slice(0, -1)));
  for (const { state, witness } of reachable(targets!.dfa)) {
    const here = clausesOf(and(targets!.acceptedBy(state), named)).map((index) => clauses[index]!);
    if (combine("link", here).allowed & bits) return bytes + witness();
  }
  return undefined;
}

/** A link whose rule says `subset` must not grant more than what it points to (apparmor.d(5), LINK). */
function subset(policy: Policy, path: string, target: string, owner: boolean): Decision {
  const pair = lookUp(policy, "link", `${bytesOf(path)}\0${bytesOf(target)}`);
  const fine: Decision = { allowed: true, audited: false, rules: [] };
  if (pair.effective.transitions[0] !== "subset" || !owner || !(pair.effective.allowed & linkBit)) return fine;
  const half = (place: string): number => lookUp(policy, "file", bytesOf(place)).effective.allowed & ownerMask;
  const more = half(path) & ~half(target);
  const complains = outcomeOf(policy.mode, { ...pair.effective, allowed: 0, denied: 0, quiet: 0 }, "link").allowed !== 0;
  if (more === 0 || complains) return fine;
  return { allowed: false, audited: true, denial: "implicit", rules: [] };
}

function decideLimit(policy: Policy, { resource, value }: Extract<Access, { class: "rlimit" }>): Decision {
  const limit = policy.rlimits.get(resource);
  const rules = limit ? [limit.source] : [];
  return limit && value > limit.value
    ? { allowed: false, audited: false, denial: "explicit", rules }
    : { allowed: true, audited: false, rules };
}
