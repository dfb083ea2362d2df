import type { FileRule } from "../ast.js";

/**
 * The exec transition of a rule in one spelling, `Px -> name` or `pix`; undefined when it has none (`x` of a deny rule).
 *
 * `Cx -> a` in profile `p` is `Px -> p//a`, which is how the compiler writes it too.
 *
 * @param path the rule's path as written: `cx -> path` is plain `cx`
 */
export function transitionOf(rule: FileRule, profileName: string, path: string): string | undefined {
  if (rule.exec === undefined || rule.exec === "x") return undefined;
  const letters = rule.exec.slice(0, -1);
  const base = letters[0]!.toLowerCase();
  const scrubs = rule.environment ? rule.environment === "safe" : letters[0] !== base || base === "i";
  const fallback = letters.slice(1).toLowerCase();
  const target = rule.target?.value;
  const local = target === undefined || (base === "c" && target === path);
  // with a name all that is left of the letter is where the name is looked for
  const named = base === "c" && !local ? `${profileName}//${target}` : target;
  const letter = local || base === "i" ? base : "p";
  if (letter === "i") return `ix${scrubs ? "" : " unsafe"}${local ? "" : ` -> ${named}`}`;
  const mode = scrubs ? letter.toUpperCase() + fallback.replace("u", "U") : letter + fallback;
  return `${mode}x${local ? "" : ` -> ${named}`}`;
}

/** `ix`, `pix`, `Cix`: the program may keep the profile, so it may map itself. */
export function inherits(rule: FileRule): boolean {
  return rule.exec !== undefined && /i/i.test(rule.exec);
}
