import type { Profile, Qualifiers, Rule, Statement } from "../ast.js";
import type { Diagnostic } from "../diagnostics.js";
import type { Language } from "../language.js";
import { maxErrors } from "../syntax/cursor.js";
import type { Document } from "../syntax/document.js";
import { diagnosticAt } from "../syntax/source.js";
import { checkDbusRule } from "./rules/dbus.js";
import { checkFileRule, checkLinkRule } from "./rules/file.js";
import { checkIoUringRule, checkMqueueRule, checkPtraceRule, checkSignalRule, checkUsernsRule } from "./rules/ipc.js";
import { checkMountRule, checkPivotRootRule } from "./rules/mount.js";
import { checkNetworkRule } from "./rules/network.js";
import { checkProfileHeader } from "./rules/profile.js";
import { checkQualifiers } from "./rules/qualifiers.js";
import type { Report } from "./rules/report.js";
import { checkCapabilityRule, checkChangeProfileRule, checkRlimitRule } from "./rules/small.js";
import { checkUnixRule } from "./rules/unix.js";

/** What the compiler sees once a rule is compiled only. */
const ofCompiled = new Set(["bad-glob", "mount-without-meaning"]);

/**
 * What apparmor_parser refuses in a single statement: names that do not exist, conditions and accesses that do not go
 * together, globs that do not compile. What takes several statements to see, `checkProfiles` finds.
 *
 * @param isCompiled whether a rule or profile gets that far: one in a branch that is not taken may have any glob. Default: all
 * @returns at most 200 errors, and as many warnings
 */
export function checkRules(document: Document, isCompiled: (node: Rule | Profile) => boolean = () => true): Diagnostic[] {
  const found: Diagnostic[] = [];
  const left = { error: maxErrors, warning: maxErrors };
  let compiled = true;
  const report: Report = (span, finding) => {
    if ((!compiled && ofCompiled.has(finding.code)) || left[finding.severity ?? "error"]-- <= 0) return;
    found.push(diagnosticAt(document, span ?? { start: 0, end: 0 }, finding));
  };
  visit(document.statements, []);
  return found;

  function visit(statements: readonly Statement[], blocks: readonly Qualifiers[], inner = false): void {
    for (const statement of statements) {
      compiled = true;
      switch (statement.kind) {
        case "profile":
          compiled = isCompiled(statement);
          checkProfileHeader(report, statement, document.language, inner);
          visit(statement.body, [], true);
          break;
        case "block":
          if (statement.qualifiers.priority) {
            report(statement.span, { code: "qualifier-not-allowed", message: "a block has no priority", hint: "write it before each rule" });
          }
          visit(statement.body, [statement.qualifiers, ...blocks], inner);
          break;
        case "if":
          visit(statement.then, blocks, inner);
          visit(statement.otherwise ?? [], blocks, inner);
          break;
        case "comment":
        case "include":
        case "abi":
        case "alias":
        case "assignment":
        case "boolean":
          break;
        default:
          compiled = isCompiled(statement);
          checkQualifiers(report, statement);
          checkRule(report, statement, blocks, document.language);
      }
    }
  }
}

function checkRule(report: Report, rule: Rule, blocks: readonly Qualifiers[], language: Language): void {
  switch (rule.kind) {
    case "file":
      return checkFileRule(report, rule, blocks);
    case "link":
      return checkLinkRule(report, rule);
    case "capability":
      return checkCapabilityRule(report, rule);
    case "network":
      return checkNetworkRule(report, rule, language);
    case "unix":
      return checkUnixRule(report, rule);
    case "mount":
    case "remount":
    case "umount":
      return checkMountRule(report, rule, language);
    case "pivot_root":
      return checkPivotRootRule(report, rule);
    case "change_profile":
      return checkChangeProfileRule(report, rule);
    case "signal":
      return checkSignalRule(report, rule);
    case "ptrace":
      return checkPtraceRule(report, rule);
    case "dbus":
      return checkDbusRule(report, rule);
    case "userns":
      return checkUsernsRule(report, rule);
    case "mqueue":
      return checkMqueueRule(report, rule);
    case "io_uring":
      return checkIoUringRule(report, rule);
    case "rlimit":
      return checkRlimitRule(report, rule);
    case "all":
  }
}
