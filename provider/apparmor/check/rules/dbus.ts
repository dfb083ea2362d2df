import type { DbusRule } from "../../ast.js";
import { checkAccesses } from "./accesses.js";
import { checkConditions } from "./conditions.js";
import { checkGlobs } from "./globs.js";
import type { Report } from "./report.js";

const known = { bus: {}, name: {}, label: {}, path: {}, interface: {}, member: {} };

/** Messages have a path, interface, member and peer; a service has a name. One rule speaks of one of the two. */
export function checkDbusRule(report: Report, rule: DbusRule): void {
  const accesses = checkAccesses(report, "dbus", rule.access);
  const seen = new Set<string>();
  const own = checkConditions(report, "dbus rule", rule.conditions, known, seen);
  const peer = checkConditions(report, "dbus rule", rule.peer ?? [], known, seen);
  if (own.has("label")) {
    const span = rule.conditions.find(({ name }) => name === "label")?.span;
    report(span, { code: "misplaced-condition", message: "`label` is known of the peer only", hint: "write `peer=(label=…)`" });
  }
  const service = own.has("name");
  const given = [...own.keys(), ...peer.keys()];
  const message = given.some((name) => ["path", "interface", "member", "label"].includes(name)) || (peer.has("name") && !service);
  const refuse = (text: string, hint: string): void => report(rule.span, { code: "dbus-combination", message: text, hint });
  if (message && service) {
    refuse("`name` is about owning a name on the bus, the other conditions are about messages", "write the peer's name as `peer=(name=…)`, or two rules");
  } else if (message && accesses.has("bind")) {
    refuse("`bind` is about owning a name, these conditions are about messages", "write two rules");
  } else if (service && (accesses.has("send") || accesses.has("receive"))) {
    refuse("`send` and `receive` are about messages, `name` is about owning a name", "write the peer's name as `peer=(name=…)`");
  } else if (accesses.has("eavesdrop") && (message || service)) {
    refuse("`eavesdrop` takes no condition but `bus`", "write two rules");
  }
  for (const values of [own, peer]) for (const words of values.values()) checkGlobs(report, [words[0]]);
}
