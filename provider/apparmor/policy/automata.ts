import type { ResolvedRule } from "../resolve/types.js";
import { automatonOf, type Automaton } from "./automaton.js";
import { onExecBit, onExecParts } from "./change-profile.js";
import type { Clause, TableName } from "./clause.js";
import { combine, type Effective } from "./effective.js";
import type { Policy } from "./types.js";

const cache = new WeakMap<Policy, Map<TableName, Automaton>>();

/** A policy's own automaton for a table, made when first needed and extended as it is used. @throws LimitError */
export function ownAutomaton(policy: Policy, table: TableName): Automaton {
  let automata = cache.get(policy);
  if (!automata) cache.set(policy, (automata = new Map()));
  let automaton = automata.get(table);
  if (!automaton) automata.set(table, (automaton = automatonOf(table, policy.tables.get(table) ?? [])));
  return automaton;
}

/** What a policy's rules say of one string, and which of them. */
export function lookUp(policy: Policy, table: TableName, bytes: string): { effective: Effective; clauses: readonly Clause[] } {
  const all = policy.tables.get(table) ?? [];
  const clauses = ownAutomaton(policy, table)
    .match(bytes)
    .map((index) => all[index]!);
  return { effective: combine(table, clauses), clauses };
}

/** The rules of clauses that speak of some permissions, each once: those that decide on them first. */
export function rulesBehind(clauses: readonly Clause[], bits: number, mode?: Clause["mode"]): ResolvedRule[] {
  const wanted = (clause: Clause): number =>
    clause.permissions & (clause.table === "change_profile" && bits & onExecBit ? bits | onExecParts : bits);
  const speaking = clauses.filter((clause) => wanted(clause) && (mode === undefined || clause.mode === mode));
  const top = Math.max(...speaking.map(({ priority }) => priority));
  return [...new Set(speaking.filter(({ priority }) => priority === top).flatMap(({ source }) => (source ? [source] : [])))];
}
