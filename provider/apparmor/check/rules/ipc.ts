import type { IoUringRule, MqueueRule, PtraceRule, SignalRule, UsernsRule } from "../../ast.js";
import { mqueueTypes, signalNumber, signals } from "../../names/index.js";
import { checkAccesses } from "./accesses.js";
import { checkConditions } from "./conditions.js";
import { checkGlobs, checkPlainGlobs } from "./globs.js";
import { nearest, oneOf, type Report } from "./report.js";

export function checkSignalRule(report: Report, rule: SignalRule): void {
  checkAccesses(report, "signal", rule.access);
  const values = checkConditions(report, "signal rule", rule.conditions, { set: { values: "many", repeated: true }, peer: { values: "first" } });
  for (const word of values.get("set") ?? []) {
    if (signalNumber(word.value) !== undefined) continue;
    const near = nearest(word.value.replace(/^sig/i, ""), Object.keys(signals));
    report(word.span, { code: "unknown-signal", message: `\`${word.value}\` is no signal`, hint: near ? `did you mean \`${near}\`?` : "as term, kill, hup; real-time signals are rtmin+0 to rtmin+32" });
  }
  checkGlobs(report, [values.get("peer")?.[0]]);
}

export function checkPtraceRule(report: Report, rule: PtraceRule): void {
  checkAccesses(report, "ptrace", rule.access);
  checkGlobs(report, [checkConditions(report, "ptrace rule", rule.conditions, { peer: { values: "first" } }).get("peer")?.[0]]);
}

export function checkUsernsRule(report: Report, rule: UsernsRule): void {
  checkAccesses(report, "userns", rule.access);
  checkConditions(report, "userns rule", rule.conditions, {});
}

export function checkIoUringRule(report: Report, rule: IoUringRule): void {
  checkAccesses(report, "io_uring", rule.access);
  const seen = new Set<string>();
  for (const conditions of [rule.conditions, rule.peer ?? []]) {
    checkPlainGlobs(report, [checkConditions(report, "io_uring rule", conditions, { label: {} }, seen).get("label")?.[0]]);
  }
}

export function checkMqueueRule(report: Report, rule: MqueueRule): void {
  checkAccesses(report, "mqueue", rule.access);
  const values = checkConditions(report, "mqueue rule", rule.conditions, { label: { values: "first" }, type: { values: "first", repeated: true } });
  for (const type of values.get("type") ?? []) {
    if (!(mqueueTypes as readonly string[]).includes(type.value)) {
      report(type.span, { code: "unknown-mqueue-type", message: `\`${type.value}\` is no type of message queue`, hint: `there is ${oneOf(mqueueTypes)}` });
    }
  }
  checkQueueName(report, rule, values.get("type")?.at(-1)?.value);
  checkGlobs(report, [rule.name, values.get("label")?.[0]]);
}

function checkQueueName(report: Report, { name }: MqueueRule, type: string | undefined): void {
  if (!name) return;
  const posix = name.value.startsWith("/");
  const hint = "a POSIX queue has a name that begins with `/`, a System V queue a number";
  if (!posix && !/^\d+$/.test(name.value)) report(name.span, { code: "bad-mqueue-name", message: `\`${name.value}\` is no name of a message queue`, hint });
  else if (type === (posix ? "sysv" : "posix")) report(name.span, { code: "bad-mqueue-name", message: `\`${name.value}\` is no name of a queue with type=${type}`, hint });
}
