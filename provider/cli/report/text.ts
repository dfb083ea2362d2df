import type { Severity } from "../../apparmor/lint/types.js";
import { style, visible } from "../style.js";
import type { Problem, Report } from "./problem.js";

const colours: Record<Severity, "red" | "yellow" | "blue"> = {
  error: "red",
  warning: "yellow",
  info: "blue",
};

/** One problem as compilers print it, with the line, a caret and what to do. */
export function problemText(problem: Problem): string {
  const { file, line, column, severity, code, message, snippet, hint, fix } = problem;
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  const lines = [`${style("bold", visible(place))}: ${style([colours[severity], "bold"], severity)} ${code}: ${visible(message)}`];
  if (snippet !== undefined && line !== undefined) {
    const [source = "", carets = ""] = snippet.split("\n");
    const number = String(line).padStart(5);
    lines.push(`${style("dim", `${number} |`)} ${visible(source)}`);
    lines.push(`${style("dim", `${" ".repeat(number.length)} |`)} ${style(colours[severity], carets)}`);
  }
  if (hint !== undefined) lines.push(`      ${style("cyan", "help:")} ${visible(hint)}`);
  if (fix !== undefined) lines.push(`      ${style("cyan", "fix:")} ${visible(fix.title)}`);
  return `${lines.join("\n")}\n`;
}

export const reportText = ({ errors, findings }: Report): string =>
  [...errors, ...findings].map((problem) => `${problemText(problem)}\n`).join("");

/** What was changed in a file. */
export const fixedText = (file: string, fixed: readonly { code: string; line?: number; title: string }[]): string =>
  fixed.map(({ code, line, title }) => `${style("green", "fixed")} ${visible(`${file}:${line ?? 1}: ${code}: ${title}`)}\n`).join("");

/** How to read more about the findings, each code once. */
export function pagesText(reports: readonly Pick<Report, "findings">[]): string {
  const codes = [...new Set(reports.flatMap(({ findings }) => findings.flatMap(({ code, docs }) => (docs === undefined ? [] : [code]))))];
  return codes.length === 0 ? "" : `More: pve-posture profile explain ${codes.sort().join(" ")}\n`;
}

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** The last line: `3 files, 1 invalid: 2 errors, 4 warnings`. */
export function summaryText(reports: readonly Pick<Report, "valid" | "errors" | "findings">[]): string {
  const problems = reports.flatMap(({ errors, findings }) => [...errors, ...findings]);
  const count = (severity: Severity) => problems.filter((problem) => problem.severity === severity).length;
  const invalid = reports.filter(({ valid }) => !valid).length;
  const parts = [
    count("error") && counted(count("error"), "error"),
    count("warning") && counted(count("warning"), "warning"),
    count("info") && counted(count("info"), "note"),
  ].filter((part) => part !== 0);
  const files = `${counted(reports.length, "file")}${invalid > 0 ? `, ${invalid} invalid` : ""}`;
  const colour = invalid > 0 ? "red" : problems.length > 0 ? "yellow" : "green";
  return `${style(["bold", colour], `${files}: ${parts.join(", ") || "nothing found"}`)}\n`;
}
