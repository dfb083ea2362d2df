import type { Comment, FileRule, Profile, Rule, Statement } from "../ast.js";
import { changeBodies } from "./bodies.js";
import { ruleText } from "./rules.js";

const kinds: readonly Statement["kind"][] = [
  "rlimit", "all", "userns", "capability", "network", "mount", "remount", "umount", "pivot_root", "mqueue", "io_uring", "signal",
  "ptrace", "unix", "dbus", "file", "link", "change_profile", "block", "if", "profile",
];

/** The place of a statement's kind within a profile: those that include first, optional includes (`local/…`) last. */
export function rank(statement: Statement): number {
  if (statement.kind === "include") return statement.ifExists ? kinds.length : -1;
  return kinds.indexOf(statement.kind);
}

/** Whether a comment stands alone, as a heading: rules are sorted below it and do not cross it. */
export type Heading = (comment: Comment) => boolean;

/**
 * The tree in canonical order.
 *
 * Within profiles, blocks and branches: `abi` and includes, rlimits, `all`, userns, capabilities, network, mount,
 * remount, umount, pivot_root, mqueue, io_uring, signal, ptrace, unix, dbus, files, links, change_profile, blocks,
 * conditionals, hats and child profiles, optional includes. Within a kind denials come first (as apparmor-utils writes
 * them), then by what the rule says. The preamble, includes and equal rlimits keep their order, as it has meaning there.
 * A comment goes with the statement after it, a trailing one with that before it; those that nothing follows stay last.
 */
export function sorted(statements: readonly Statement[], heading: Heading = () => false): Statement[] {
  return statements.map((statement) => changeBodies(statement, (body) => sortedBody(body, heading)));
}

/** A statement with the comments that go where it goes. */
interface Carried {
  before: Comment[];
  statement: Statement;
  behind: Comment[];
  rank: number;
  key: string;
}

function sortedBody(statements: readonly Statement[], heading: Heading): Statement[] {
  const sections: Statement[][] = [];
  let section: Statement[] = [];
  for (const statement of statements) {
    if (statement.kind === "comment" && !statement.trailing && heading(statement)) {
      sections.push(sortedSection(section), [statement]);
      section = [];
    } else section.push(statement);
  }
  return [...sections, sortedSection(section)].flat();
}

function sortedSection(statements: readonly Statement[]): Statement[] {
  const head: Comment[] = [];
  const carried: Carried[] = [];
  let before: Comment[] = [];
  for (const statement of statements) {
    if (statement.kind === "comment") {
      const last = carried.at(-1);
      if (!statement.trailing || before.length > 0) before.push(statement);
      // behind the `{` when nothing has come yet
      else (last ? last.behind : head).push(statement);
    } else {
      carried.push({ before, statement, behind: [], rank: rank(statement), key: key(statement) });
      before = [];
    }
  }
  carried.sort((a, b) => a.rank - b.rank || compareText(a.key, b.key));
  return [...head, ...carried.flatMap(({ before, statement, behind }) => [...before, statement, ...behind]), ...before];
}

/** What rules of one kind are sorted by; the same key keeps their order. */
function key(statement: Statement): string {
  switch (statement.kind) {
    case "comment":
    case "include":
    case "abi":
    case "alias":
    case "assignment":
    case "boolean":
    case "if":
    case "block":
      return "";
    case "profile":
      return profileKey(statement);
    // of two limits for one resource the last holds
    case "rlimit":
      return statement.resource.value;
    default:
      return ruleKey(statement);
  }
}

/** Hats after child profiles. */
function profileKey({ keyword, name }: Profile): string {
  return `${keyword === "profile" || keyword === "" ? 0 : 1}${name.value}`;
}

function ruleKey(rule: Rule): string {
  const { qualifiers, ...body } = rule;
  const plain = rule.kind === "file" ? ({ ...rule, leading: false, keyword: false, qualifiers: {} } satisfies FileRule) : { ...body, qualifiers: {} };
  return `${qualifiers.mode === "deny" ? 0 : 1}${ruleText(plain as Rule)}\0${JSON.stringify(Object.entries(qualifiers).sort())}`;
}

/** By code units: the same wherever it runs. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
