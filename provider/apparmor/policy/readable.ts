import type { TableName } from "./clause.js";
import { keyBytes } from "./ipc-rules.js";

/**
 * Strings that people would rather read than one an automaton gives, which may mean something else: paths without empty
 * names, small keys of System V queues. None where the string is fine.
 */
export function* readableForms(table: TableName, bytes: string): Generator<string> {
  if (table === "mqueue" && bytes.startsWith("v")) for (let key = 1; key < 10; key++) yield `v${keyBytes(key)}${bytes.slice(5)}`;
  if (!bytes.includes("//")) return;
  yield bytes.replace(/\/\/+/g, "/");
  for (const name of "abx0") yield bytes.replace(/\/(?=\/)/g, `/${name}`);
}
