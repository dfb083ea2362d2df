import type { Condition, UnixRule, Word } from "../../ast.js";
import { unixSocketTypes } from "../../names/index.js";
import { checkAccesses } from "./accesses.js";
import { checkConditions } from "./conditions.js";
import { checkGlobs, globProblem, hasVariable } from "./globs.js";
import { checkPeerAccesses } from "./network.js";
import { nearest, oneOf, type Report } from "./report.js";

export function checkUnixRule(report: Report, rule: UnixRule): void {
  const accesses = checkAccesses(report, "unix", rule.access);
  const own = checkConditions(report, "unix rule", misplaced(report, rule.conditions, "own"), { type: {}, addr: {} });
  const peer = checkConditions(report, "unix rule", misplaced(report, rule.peer ?? [], "peer"), { label: {}, addr: {} });
  const [type] = own.get("type") ?? [];
  if (type && !Object.hasOwn(unixSocketTypes, type.value)) {
    const near = nearest(type.value, Object.keys(unixSocketTypes));
    report(type.span, {
      code: "unknown-socket-type",
      message: `\`${type.value}\` is no socket type`,
      hint: near ? `did you mean \`${near}\`?` : `there is ${oneOf(Object.keys(unixSocketTypes))}`,
    });
  }
  for (const [address] of [own.get("addr") ?? [], peer.get("addr") ?? []]) if (address) checkAddress(report, address);
  const [label] = peer.get("label") ?? [];
  checkGlobs(report, [label]);
  if (rule.peer?.length) checkPeerAccesses(report, rule, accesses);
}

/** Those that stand on the wrong side are reported, the others given. */
function misplaced(report: Report, conditions: readonly Condition[], side: "own" | "peer"): Condition[] {
  return conditions.filter(({ name, span }) => {
    if (name === "protocol") {
      report(span, { code: "unsupported-condition", message: "apparmor_parser does not support `protocol` yet", hint: "leave it out" });
    } else if (name === "label" && side === "own") {
      report(span, { code: "misplaced-condition", message: "`label` is known of the peer only", hint: "write `peer=(label=…)`" });
    } else if (name === "type" && side === "peer") {
      report(span, { code: "misplaced-condition", message: "`type` is that of the own socket", hint: "write it before `peer=(…)`" });
    } else return true;
    return false;
  });
}

function checkAddress(report: Report, address: Word): void {
  const { value, span } = address;
  if (value === "none" || value === "auto") return;
  if (!value.startsWith("@")) {
    const hint = value.startsWith("/") ? "sockets with a path are mediated as files: write `/path rw,`" : "an abstract address begins with `@`; others are `none` and `auto`";
    report(span, { code: "bad-socket-address", message: `\`${value}\` is no address of a unix rule`, hint });
    return;
  }
  const problem = !hasVariable(value) && globProblem(value, true);
  if (problem) report(span, { code: "bad-glob", message: problem });
}
