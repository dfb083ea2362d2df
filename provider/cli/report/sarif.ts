import { isAbsolute, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Severity } from "../../apparmor/lint/types.js";
import { pageOf } from "../pages.js";
import { version } from "../version.js";
import type { Edit, Problem, Report } from "./problem.js";

const levels: Record<Severity, string> = { error: "error", warning: "warning", info: "note" };

/** Paths below the current directory are given from there, which is the root of the sources for code scanning. */
function artifact(file: string): Record<string, unknown> {
  const path = relative(process.cwd(), resolve(file));
  if (path.startsWith("..") || isAbsolute(path)) return { uri: pathToFileURL(resolve(file)).href };
  return { uri: path.split("/").map(encodeURIComponent).join("/"), uriBaseId: "%SRCROOT%" };
}

interface Region {
  startLine: number;
  startColumn?: number;
  endLine?: number;
  endColumn?: number;
}

const regionOf = ({ line, column, endLine, endColumn }: Omit<Problem, "code">): Region => ({
  startLine: line ?? 1,
  ...(column !== undefined && { startColumn: column }),
  ...(endLine !== undefined && { endLine }),
  ...(endColumn !== undefined && { endColumn }),
});

const changeOf = ([file, edits]: [string, Edit[]]) => ({
  artifactLocation: artifact(file),
  replacements: edits.map(({ start, end, text }) => ({
    deletedRegion: { charOffset: start, charLength: end - start },
    insertedContent: { text },
  })),
});

function fixOf({ title, edits }: NonNullable<Problem["fix"]>): Record<string, unknown> {
  const files = new Map<string, Edit[]>();
  for (const edit of edits) files.set(edit.file, [...(files.get(edit.file) ?? []), edit]);
  return { description: { text: title }, artifactChanges: [...files].map(changeOf) };
}

/** What a rule is about, from its page. Code scanning asks for all of these texts; `helpUri` would have to be absolute. */
function ruleOf({ code, severity, docs = "docs/errors.md" }: Problem): Record<string, unknown> {
  const page = pageOf(code);
  const text = page?.title ?? `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll("-", " ")}.`;
  return {
    id: code,
    shortDescription: { text },
    fullDescription: { text: `${text} See ${docs}.` },
    help: { text: `${page ? `${page.text}\n` : ""}See ${docs}.`, markdown: page?.text ?? `See [${docs}](${docs}).` },
    defaultConfiguration: { level: levels[severity] },
    properties: { tags: ["security", "apparmor"] },
  };
}

/** A log in SARIF 2.1.0, as code scanning takes it. */
export function sarif(reports: readonly Report[]): Record<string, unknown> {
  const problems = reports.flatMap(({ errors, findings }) => [...errors, ...findings]);
  const rules = [...new Map(problems.map((problem) => [problem.code, problem])).values()].sort((a, b) => (a.code < b.code ? -1 : 1));
  const indexes = new Map(rules.map(({ code }, index) => [code, index]));
  const results = problems.map((problem) => ({
    ruleId: problem.code,
    ruleIndex: indexes.get(problem.code),
    level: levels[problem.severity],
    message: { text: problem.hint === undefined ? problem.message : `${problem.message}\n${problem.hint}` },
    locations: [{ physicalLocation: { artifactLocation: artifact(problem.file), region: regionOf(problem) } }],
    ...(problem.fix && { fixes: [fixOf(problem.fix)] }),
  }));
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "pve-posture", version, rules: rules.map(ruleOf) } },
        columnKind: "utf16CodeUnits",
        results,
      },
    ],
  };
}
