import { capabilities as names } from "../../../apparmor/names/index.js";
import { rawOf, type Facts, type Kept } from "./facts.js";
import { error, warning, type Finding } from "./finding.js";
import { meant } from "./meant.js";

/**
 * What becomes of capabilities. LXC refuses a container that both drops and keeps some (conf.c), and its defaults for
 * privileged ones drop (common.conf); those for unprivileged ones clear both lists (userns.conf).
 */
export function capabilities(facts: Facts): Finding[] {
  const [drops, keeps] = [rawOf(facts, "lxc.cap.drop"), rawOf(facts, "lxc.cap.keep")];
  const [cleared, kept] = [drops.findLast(({ value }) => value === ""), keeps.findLast(({ value }) => value !== "")];
  const dropped = drops.slice(drops.findLastIndex(({ value }) => value === "") + 1).at(-1);
  return [
    ...[...drops, ...keeps]
      .filter(({ value }) => value.includes(","))
      .map(({ line }) =>
        error("capability-list", line, "capabilities are separated by blanks; LXC knows none with a comma in it", "Replace the commas."),
      ),
    ...[...drops, ...keeps].flatMap(unknown),
    ...(cleared && !kept ? [clears(cleared.line)] : []),
    ...(kept && dropped
      ? [
          error(
            "drop-and-keep",
            kept.line,
            `line ${dropped.line} drops capabilities, and this one keeps some: LXC starts no container with both`,
            "Decide for one.",
          ),
        ]
      : []),
    ...(kept && !dropped && !cleared && !facts.unprivileged ? [byDefault(kept.line)] : []),
  ];
}

/** The kernel has room for so many. */
const largest = 63;

/** Names are in small letters without `CAP_`; numbers stand for those that LXC doesn't know (conf.c, `parse_cap`). */
const unknown = ({ line, key, value }: Kept): Finding[] =>
  value
    .split(/[ \t]+/)
    .filter((word) => word !== "" && word !== "none" && !word.includes(",") && !(/^\+?\d+$/.test(word) && Number(word) <= largest))
    .filter((word) => !(names as readonly string[]).includes(word))
    .map((word) =>
      error(
        "unknown-capability",
        line,
        `\`${key}\`: there is no capability \`${word}\`, and LXC starts no container that names one`,
        meant(word.replace(/^cap_/i, ""), names) ?? "Names are those of capabilities(7), in small letters and without `CAP_`.",
      ),
    );

const clears = (line: number): Finding =>
  warning(
    "drops-cleared",
    line,
    "LXC forgets every capability dropped before this line, its own defaults (such as sys_module) included",
    "Take the line out.",
  );

const byDefault = (line: number): Finding =>
  warning(
    "drop-and-keep",
    line,
    "LXC's defaults drop capabilities of privileged containers, and it starts none that keeps some as well",
    "Put `lxc.cap.drop:` (empty) before it.",
  );
