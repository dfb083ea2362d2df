import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findings } from "../apparmor/lint/index.js";

const root = dirname(require.resolve("pve-posture/package.json"));

const read = (page: string): string | undefined => {
  const file = join(root, page);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
};

/** Pages that are a table: a row for each code. */
const tables = ["docs/errors.md", "docs/conf-findings.md"];

export interface Page {
  /** from the package's directory */
  path: string;
  /** one sentence */
  title: string;
  text: string;
}

const known = new Map<string, Page | undefined>();

/** What the package says about a code of an error or a finding; undefined where it says nothing. */
export function pageOf(code: string): Page | undefined {
  if (!known.has(code)) known.set(code, Object.hasOwn(findings, code) ? ownPage(code) : rowOf(code));
  return known.get(code);
}

/** `# code`, and a sentence below. */
function ownPage(code: string): Page | undefined {
  const path = `docs/findings/${code}.md`;
  const text = read(path);
  const title = text
    ?.split("\n")
    .slice(1)
    .find((line) => line !== "");
  return text === undefined || title === undefined ? undefined : { path, title, text };
}

/** Rows of the tables: the code, an example or what it means, and what to do. A code may be in both tables. */
function rowOf(code: string): Page | undefined {
  const pages = tables.flatMap((path): Page[] => {
    const row = read(path)
      ?.split("\n")
      .find((line) => line.startsWith(`| \`${code}\` |`));
    if (row === undefined) return [];
    const cells = row.slice(2, -2).split(" | ");
    const [middle, last] = [cells.slice(1, -1).join(" | "), cells.at(-1)!];
    const isError = path === "docs/errors.md";
    const what = isError && middle !== "" ? `Example: ${middle}` : middle;
    const text = [`# ${code} (${isError ? "profile check" : "conf check"})`, ...(what === "" ? [] : [what]), "", "## What to do", last, ""];
    return [{ path, title: isError ? last : middle, text: text.join("\n") }];
  });
  return pages[0] && { ...pages[0], text: pages.map(({ text }) => text).join("\n") };
}
