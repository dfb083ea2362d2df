import type { AccessClass, FileComparison, ProfileComparison, Relation, Witness } from "../../apparmor/policy/index.js";
import { style, visible } from "../style.js";
import { rulePlace, type RulePlace } from "./rule.js";

const words: Record<Relation, string> = {
  equal: "the two mean the same",
  tighter: "the second allows less than the first",
  wider: "the second allows more than the first",
  both: "each allows, or logs, what the other does not",
};

/** Several relations as one. */
const together = (a: Relation | undefined, b: Relation): Relation => (a === undefined || a === b ? b : "both");

function classesOf(profiles: readonly ProfileComparison[]): Partial<Record<AccessClass, Relation>> {
  const classes: Partial<Record<AccessClass, Relation>> = {};
  for (const { comparison } of profiles) {
    for (const [name, relation] of Object.entries(comparison?.classes ?? {}) as [AccessClass, Relation][])
      classes[name] = together(classes[name], relation);
  }
  return classes;
}

const witnessJson = (profile: string, { a, b, ...witness }: Witness) => ({
  profile,
  ...witness,
  a: a.map(rulePlace),
  b: b.map(rulePlace),
});

/** The comparison as JSON: of all profiles together, and what differs in each besides accesses. */
export const comparisonJson = ({ relation, abi, profiles }: FileComparison) => ({
  relation,
  ...(abi && { abi }),
  classes: classesOf(profiles),
  witnesses: profiles.flatMap(({ name, comparison }) => (comparison?.witnesses ?? []).map((witness) => witnessJson(name, witness))),
  profiles: profiles.map(({ name, change, attributes }) => ({ name, change, attributes })),
});

const placeText = ({ file, line, text }: RulePlace): string =>
  visible(`${[file, line].filter((part) => part !== undefined).join(":")}: ${text}`);

function sideText(label: string, rules: Witness["a"]): string[] {
  if (rules.length === 0) return [`      ${style("dim", `${label}  no rule`)}`];
  return rules.map(
    (rule, index) => `      ${style("dim", `${index === 0 ? label : " ".repeat(label.length)}  ${placeText(rulePlace(rule))}`)}`,
  );
}

const colours = { allows: "yellow", denies: "green", audit: "cyan", transition: "cyan" } as const;

const witnessText = ({ message, change, a, b }: Witness): string[] => [
  `    ${style(colours[change], visible(message))}`,
  ...sideText("first: ", a),
  ...sideText("second:", b),
];

function profileText({ name, change, attributes, comparison }: ProfileComparison): string[] {
  const title = style("bold", visible(`profile ${name}`));
  if (change === "added") return [`${title}: only the second has it`];
  if (change === "removed") return [`${title}: only the first has it`];
  const lines = [`${title}: ${comparison?.relation === "equal" || !comparison ? "the same accesses" : comparison.relation}`];
  for (const { attribute, a, b } of attributes)
    lines.push(visible(`  ${attribute}: ${a || "none"} in the first, ${b || "none"} in the second`));
  for (const [name, relation] of Object.entries(comparison?.classes ?? {})) {
    lines.push(`  ${name}: ${relation}`);
    for (const witness of comparison?.witnesses ?? []) if (witness.class === name) lines.push(...witnessText(witness));
  }
  return lines;
}

/** The comparison for people: a sentence first, then each profile that differs, with examples and the rules behind them. */
export function comparisonText({ relation, abi, profiles }: FileComparison): string {
  const differing = profiles.filter(({ change }) => change !== "equal");
  const features = abi ? ["", visible(`abi: ${abi.a || "none"} in the first, ${abi.b || "none"} in the second: it decides what of the rules counts`)] : [];
  return [`${style("bold", relation)}: ${words[relation]}`, ...features, ...differing.flatMap((profile) => ["", ...profileText(profile)]), ""].join(
    "\n",
  );
}
