import type { Word } from "../../ast.js";
import {
  accessNames, dbusAccesses, ioUringAccesses, mqueueAccesses, networkAccesses, ptraceAccesses, signalAccesses, usernsAccesses,
  type AccessRuleKind,
} from "../../names/index.js";
import { nearest, oneOf, type Report } from "./report.js";

const known: Record<AccessRuleKind, readonly string[]> = {
  network: networkAccesses,
  unix: networkAccesses,
  signal: signalAccesses,
  dbus: dbusAccesses,
  ptrace: ptraceAccesses,
  mqueue: mqueueAccesses,
  userns: usernsAccesses,
  io_uring: ioUringAccesses,
};

/** Check the names of accesses; the usual names of those that are known. */
export function checkAccesses(report: Report, kind: AccessRuleKind, words: readonly Word[]): Set<string> {
  const found = new Set<string>();
  for (const word of words) {
    const names = accessNames(kind, word.value);
    for (const name of names) {
      if (known[kind].includes(name)) found.add(name);
      else if (name !== "") unknown(report, kind, word);
    }
  }
  return found;
}

function unknown(report: Report, kind: AccessRuleKind, word: Word): void {
  const near = nearest(word.value, known[kind]);
  // the compiler passes over what it does not know here, and a list of nothing else allows everything
  const ignored = kind === "io_uring" || kind === "userns";
  report(word.span, {
    code: "unknown-access",
    severity: ignored ? "warning" : "error",
    message: `\`${word.value}\` is no access of a ${kind} rule${ignored ? ": apparmor_parser passes over it" : ""}`,
    hint: near ? `did you mean \`${near}\`?` : `there is ${oneOf(known[kind])}`,
  });
}
