import type { CapabilityRule, ChangeProfileRule, RlimitRule } from "../../ast.js";
import { capabilities, capabilityNumbers, rlimits, sizeUnits, timeUnits, type Rlimit } from "../../names/index.js";
import { checkGlobs } from "./globs.js";
import { nearest, oneOf, type Report } from "./report.js";

export function checkCapabilityRule(report: Report, rule: CapabilityRule): void {
  for (const { value, span } of rule.names) {
    if (capabilityNumbers.has(value)) continue;
    const near = nearest(value.replace(/^cap_/i, ""), capabilities);
    report(span, { code: "unknown-capability", message: `\`${value}\` is no capability`, hint: near ? `did you mean \`${near}\`?` : "names are those of capabilities(7) in lower case, without `CAP_`" });
  }
}

export function checkChangeProfileRule(report: Report, rule: ChangeProfileRule): void {
  const { exec, environment, target, span } = rule;
  if (environment && !exec) {
    report(span, { code: "exec-without-x", message: `\`${environment}\` needs the program at whose start the profile changes`, hint: `write \`change_profile ${environment} /program -> name,\`` });
  }
  if (exec && !/^(?:\/|@\{)/.test(exec.value)) {
    report(exec.span, { code: "bad-path", message: `\`${exec.value}\` is no program's path`, hint: "it begins with `/` or a variable; the profile to change to stands behind `->` and a blank" });
  }
  checkGlobs(report, [exec, target]);
}

export function checkRlimitRule(report: Report, rule: RlimitRule): void {
  const { resource, value, unit } = rule;
  if (!Object.hasOwn(rlimits, resource.value)) {
    const near = nearest(resource.value, Object.keys(rlimits));
    report(resource.span, { code: "unknown-rlimit", message: `\`${resource.value}\` is no resource limit`, hint: near ? `did you mean \`${near}\`?` : `there is ${oneOf(Object.keys(rlimits))}` });
    return;
  }
  if (value.value === "infinity") return;
  const problem = valueProblem(rlimits[resource.value as Rlimit], value.value, unit?.value);
  if (problem) report(value.span, { code: "bad-rlimit", message: `\`${value.value}${unit ? ` ${unit.value}` : ""}\` does not go with ${resource.value}`, hint: problem });
}

function valueProblem(kind: (typeof rlimits)[Rlimit], value: string, unit: string | undefined): string | undefined {
  // a leading 0 makes it octal, as in C
  const negative = value.startsWith("-");
  const number = (negative ? -1 : 1) * parseInt(value.replace("-", ""), /^-?0/.test(value) ? 8 : 10) || 0;
  const size = unit === undefined || Object.hasOwn(sizeUnits, unit);
  const time = unit === undefined || !Object.hasOwn(timeUnits, unit) ? undefined : timeUnits[unit as keyof typeof timeUnits];
  switch (kind) {
    case "nice":
      return unit !== undefined || number < -20 || number > 19 ? "it takes a number from -20 to 19" : undefined;
    case "number":
      return unit !== undefined || number < 0 ? "it takes a number without a unit" : undefined;
    case "size":
      return !size || number < 0 ? "it takes bytes, or a number with K, KB, M, MB, G or GB" : undefined;
    case "time":
    case "microseconds": {
      const least = kind === "time" ? 1_000_000 : 1;
      const few = unit !== undefined && (time === undefined || number * time < least);
      return few || number < 0 ? `it takes ${kind === "time" ? "seconds, or a time of at least one second" : "microseconds"}, as \`5 min\`` : undefined;
    }
  }
}
