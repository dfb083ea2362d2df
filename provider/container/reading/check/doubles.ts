import { parseOptions } from "../../conf.js";
import { repeats } from "../../keys.js";
import { confLayout } from "../../layout.js";
import type { Facts, Kept } from "./facts.js";
import { warning, type Finding } from "./finding.js";

/** Raw lines that stand twice, lines that a later one overrides, and two that give the container one thing. */
export function doubles(facts: Facts): Finding[] {
  return [...sameLines(facts), ...overridden(facts), ...sameDevice(facts), ...sameTarget(facts)];
}

/** Each line that comes after one that says the same, with that one. */
function twice<T extends Kept>(lines: readonly T[], same: (line: T) => string | undefined): { line: T; first: T }[] {
  const seen = new Map<string, T>();
  return lines.flatMap((line) => {
    const form = same(line);
    const first = form === undefined ? undefined : seen.get(form);
    if (form !== undefined && !first) seen.set(form, line);
    return first ? [{ line, first }] : [];
  });
}

const form = ({ key, value }: Kept): string => confLayout.same(`${key}: ${value}`);

/** An empty line is no double: it clears what stands before it, wherever it stands. */
const sameLines = ({ raw }: Facts): Finding[] =>
  twice(raw, (line) => (line.value === "" ? undefined : form(line))).map(({ line, first }) =>
    warning("repeated-line", line.line, `says what line ${first.line} says (\`${line.key}\`)`, "Take one of them out."),
  );

/** Keys that may stand more than once, each line adding to the others, and those of a device of many settings. */
const adds = (key: string): boolean => repeats(key) || /^lxc\.(?:idmap|mount\.auto|cap\.keep|net\.)/.test(key);

function overridden({ raw }: Facts): Finding[] {
  const last = new Map(raw.map((line) => [line.key, line]));
  return raw.flatMap((line) => {
    const by = last.get(line.key)!;
    if (adds(line.key) || by === line || form(by) === form(line)) return [];
    return [warning("overridden-line", line.line, `line ${by.line} sets \`${line.key}\` again: LXC takes the last`, "Keep one of them.")];
  });
}

/** The devices that `dev[n]` give the container, by path. */
export const passed = ({ properties }: Facts): (Kept & { path: string })[] =>
  [...properties.values()].flatMap((line) => {
    const path = /^dev\d+$/.test(line.key) ? parseOptions(line.value, "path").get("path") : undefined;
    return path === undefined ? [] : [{ ...line, path }];
  });

const sameDevice = (facts: Facts): Finding[] =>
  twice(passed(facts), ({ path }) => path).map(({ line, first }) =>
    warning(
      "repeated-device",
      line.line,
      `${line.key} passes ${line.path} through, as ${first.key} does in line ${first.line}`,
      "Take one of them out.",
    ),
  );

/** Where a mount goes, within the container, without slashes at the ends. */
export function targetOf({ key, value }: Kept): string | undefined {
  const target =
    key === "lxc.mount.entry" ? value.split(/[ \t]+/)[1] : /^mp\d+$/.test(key) ? parseOptions(value, "volume").get("mp") : undefined;
  return target?.replace(/^\/+|\/+$/g, "");
}

function sameTarget({ raw, properties }: Facts): Finding[] {
  const lines = [...properties.values(), ...raw];
  return twice(lines, (line) => targetOf(line)).flatMap(({ line, first }) =>
    form(line) === form(first)
      ? []
      : [
          warning(
            "repeated-target",
            line.line,
            `mounts over /${targetOf(line)}, where ${first.key} of line ${first.line} mounts too`,
            "Keep one of them, or move one.",
          ),
        ],
  );
}
