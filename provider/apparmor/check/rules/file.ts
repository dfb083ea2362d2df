import type { FileRule, LinkRule, Qualifiers } from "../../ast.js";
import { isBareExec } from "../../names/exec.js";
import { checkGlobs } from "./globs.js";
import type { Report } from "./report.js";

/** Check a file rule; `blocks` are the qualifiers of the blocks around it, innermost first. */
export function checkFileRule(report: Report, rule: FileRule, blocks: readonly Qualifiers[]): void {
  // each block replaces the mode of a file rule by its own, even by none
  for (const { mode } of [rule.qualifiers, ...blocks]) {
    if (checkExec(report, rule, mode)) break;
  }
  if (rule.environment && !rule.exec) {
    report(rule.span, {
      code: "exec-without-x",
      message: `\`${rule.environment}\` is about programs that are run, and this rule runs none`,
      hint: "add a mode with `x`, as `px`, or leave the word out",
    });
  }
  const links = rule.permissions.includes("l");
  if (rule.leading) checkLeading(report, rule, links);
  checkGlobs(report, [rule.path, rule.leading && links ? rule.target : undefined]);
}

function checkExec(report: Report, rule: FileRule, mode: Qualifiers["mode"]): boolean {
  const deny = mode === "deny";
  if (!rule.exec || deny === isBareExec(rule)) return false;
  report(rule.span, {
    code: deny ? "deny-exec-mode" : "bare-exec",
    message: deny ? `a deny rule has \`x\` alone, not \`${rule.exec === "x" ? "unsafe … x" : rule.exec}\`` : "`x` alone is for deny rules",
    hint: deny ? "write `x`: it denies every way of running the program" : "say what the program runs under: ix (this profile), px (its own), cx (a child), ux (none)",
  });
  return true;
}

function checkLeading(report: Report, rule: FileRule, links: boolean): void {
  if (rule.subset && (rule.permissions !== "l" || rule.exec)) {
    report(rule.span, { code: "subset-without-link", message: "`subset` goes with the permission `l` alone", hint: "write a rule of its own for the link" });
  }
  if (!rule.target || !links) return;
  if (rule.exec) {
    report(rule.span, { code: "link-and-exec", message: "`->` can't be both the target of a link and the profile to run under", hint: "write two rules" });
  }
  if (/^&?:[^:]+:./.test(rule.target.value)) {
    report(rule.target.span, { code: "link-to-namespace", message: "the target of a link is a path, not a profile in a namespace" });
  }
}

export function checkLinkRule(report: Report, rule: LinkRule): void {
  checkGlobs(report, [rule.path, rule.target]);
}
